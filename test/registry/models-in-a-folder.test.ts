import { expect, it } from "vitest";
import { deployed } from "../scratch.ts";

it("of a larger repository, the registry is read and rolled back as from its top", async () => {
  using scratch = await deployed();
  scratch.write("ml/mergeml.yaml", "data: [data]\n");
  const { mergeml } = scratch;
  expect(await mergeml("-C", "ml", "verify")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("1 version, 1"),
  });
  expect((await mergeml("-C", "ml", "history", "rent")).stdout).toMatch(/promote +none -> 1/);
  expect(await mergeml("-C", "ml", "rollback", "rent")).toMatchObject({ code: 0 });
});
