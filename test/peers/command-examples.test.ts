import { describe, expect, it } from "vitest";
import { exampleScratch } from "./examples.ts";
import { inPython } from "./virtual-environment.ts";

describe("the examples in Python and R", () => {
  it.each([...inPython, "r"])("%s meets its threshold, and trains the same bytes again", async (example) => {
    using scratch = await exampleScratch(example);
    expect(await scratch.facts(["run", example])).toMatchObject({ state: "deployed", version: 1 });
    expect(await scratch.facts(["reproduce", `${example}@1`])).toMatchObject({ identical: true });
  });
});
