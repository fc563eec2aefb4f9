import { symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listInputs } from "../../pipelines/data/list-inputs.ts";
import { scratchProject } from "./feature-project.ts";

test("every file of the data folders, sorted, with size and time", async () => {
  await using project = await scratchProject({ "data/b.csv": "12", "data/deep/a.csv": "1", "more/z.csv": "123" });
  await utimes(join(project.root, "data/b.csv"), 1, 2.5);
  const files = await listInputs(project.root, ["more", "data", "missing"]);
  expect(files.map(({ path, size }) => `${path} ${size}`)).toEqual([
    "data/b.csv 2",
    "data/deep/a.csv 1",
    "more/z.csv 3",
  ]);
  expect(files[0]?.mtime_ns).toBe("2500000000");
});

test("a change of a file changes the list, also behind a link", async () => {
  await using project = await scratchProject({ "data/b.csv": "12" });
  await symlink("b.csv", join(project.root, "data/link.csv"));
  const before = await listInputs(project.root, ["data"]);
  await writeFile(join(project.root, "data/b.csv"), "123");
  const after = await listInputs(project.root, ["data"]);
  expect(before).toHaveLength(2);
  expect(after.map(({ size }) => size)).toEqual([3, 3]);
});

test("the operator's folders come by their full path", async () => {
  await using project = await scratchProject({ "data/b.csv": "12" });
  await using other = await scratchProject({ "data/c.csv": "1" });
  const files = await listInputs(project.root, ["data"], [join(other.root, "data")]);
  expect(files.map(({ path }) => path).sort()).toEqual([`${other.root}/data/c.csv`, "data/b.csv"].sort());
});

test("a link that leaves the folders is refused", async () => {
  await using project = await scratchProject();
  await symlink("/etc/passwd", join(project.root, "data/users.csv"));
  await expect(listInputs(project.root, ["data"])).rejects.toThrow(
    "data/users.csv is a link that leaves the data folders",
  );
});
