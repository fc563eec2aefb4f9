import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeScratch, type Scratch } from "../scratch.ts";

const table = (rows = 60) =>
  ["size,rent", ...Array.from({ length: rows }, (_, at) => `${20 + at * 1.5},${500 + at * 12.25}`), ""].join("\n");

const read = ({ root }: Scratch, path: string) => readFileSync(join(root, path), "utf8");

/** Does what a hint says: the shell's part in a shell, and mergeml's in this process. */
async function obey(scratch: Scratch, told: string) {
  const [, shell = "", words = ""] = /(mkdir -p .*) && mergeml (.*)/.exec(told) ?? [];
  execFileSync("sh", ["-c", shell], { cwd: scratch.root });
  return scratch.mergeml(...words.split(" ").map((word) => word.replaceAll("'", "")));
}

describe("data that queries could not read is told with the command that mends it:", () => {
  it("a file in the root", async () => {
    using scratch = makeScratch({ model: false });
    scratch.write("flats.csv", table());
    const { code, stderr } = await scratch.mergeml("init", "rent", "--target", "size");
    expect([code, stderr]).toEqual([2, expect.stringContaining("flats.csv lies in the repository's root")]);
    expect(stderr).toContain(
      "mkdir -p data && mv flats.csv data/ && mergeml init rent --data data/flats.csv --target size",
    );
    expect(existsSync(join(scratch.root, "models"))).toBe(false);
    expect(await obey(scratch, stderr)).toMatchObject({ code: 0 });
    expect(read(scratch, "models/rent/features.sql")).toContain("FROM 'flats.csv'");
  });

  it("a file outside of the folders of mergeml.yaml", async () => {
    using scratch = makeScratch({ model: false });
    scratch.write("mergeml.yaml", "data: [lake]\n");
    scratch.write("raw/flats.csv", table());
    const { code, stderr } = await scratch.mergeml("init", "--data", "raw/flats.csv");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("raw/flats.csv is in none of the data folders of mergeml.yaml (lake)"),
    ]);
    expect(stderr).toContain("in mergeml.yaml: data: [lake, raw]");
    expect(await obey(scratch, stderr)).toMatchObject({ code: 0 });
    expect(read(scratch, "models/flats/features.sql")).toContain("FROM 'flats.csv'");
  });

  it("a file outside of the repository", async () => {
    using scratch = makeScratch({ model: false });
    scratch.write("../flats.csv", table());
    const { code, stderr } = await scratch.mergeml("init", "--data", "../flats.csv");
    expect([code, stderr]).toEqual([2, expect.stringContaining("../flats.csv is outside of the repository")]);
    expect(await obey(scratch, stderr)).toMatchObject({ code: 0 });
    expect(existsSync(join(scratch.folder, "flats.csv"))).toBe(true);
  });

  it("a file below a data folder is called by its path from there", async () => {
    using scratch = makeScratch({ model: false });
    scratch.write("mergeml.yaml", "data: [lake]\n");
    scratch.write("lake/2024/flats.csv", table());
    expect(await scratch.mergeml("init", "rent", "--data", "lake/2024/flats.csv")).toMatchObject({ code: 0 });
    expect(read(scratch, "models/rent/features.sql")).toContain("FROM '2024/flats.csv'");
  });

  it.each([
    ["data/wine.xlsx", "PK", "data/wine.xlsx is an Excel workbook, which queries cannot read", "save its sheet as CSV"],
    ["data/wine.rds", "x", "data/wine.rds is an R object", "write.csv(readRDS(file)"],
    [
      "data/flats.csv",
      `version https://git-lfs.github.com/spec/v1\noid sha256:${"7".repeat(64)}\nsize 12345\n`,
      "data/flats.csv is a Git LFS pointer",
      "git lfs pull",
    ],
  ])("%s", async (path, content, message, hint) => {
    using scratch = makeScratch({ model: false });
    scratch.write(path, content);
    for (const argv of [["init"], ["init", "--data", path]]) {
      const { code, stderr } = await scratch.mergeml(...argv);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
      expect(stderr).toContain(hint);
    }
    expect(existsSync(join(scratch.root, "models"))).toBe(false);
  });

  it.each([
    [["--data", "data"], "data is a folder", "give one file of it"],
    [["--data", "nowhere.csv"], "no file nowhere.csv", "from the repository's root"],
    [
      ["--target", "size"],
      "--target size says what a new model predicts",
      "mergeml init <name> --data <file> --target size",
    ],
    [["rent", "--data", "data/flats.csv"], "models/rent exists already", "give another name"],
  ])("%j", async (argv, message, hint) => {
    using scratch = makeScratch();
    const { code, stderr } = await scratch.mergeml("init", ...argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain(hint);
    expect(existsSync(join(scratch.root, ".github"))).toBe(false);
  });

  it("a registry that is there already", async () => {
    using scratch = makeScratch();
    await scratch.mergeml("init");
    const { code, stdout } = await scratch.mergeml("init");
    expect(code).toBe(0);
    expect(stdout).toBe(
      "  workflows not written: say where the actions of mergeml are on GitHub: mergeml init --actions <owner>/<repository>@<ref>\n" +
        "  registry  branch registry on origin was there already, and stays as it is: mergeml status\n\nNext: mergeml plan\n",
    );
  });

  it("a branch of somebody else's in the registry's place", async () => {
    using scratch = makeScratch();
    scratch.git("push", "-q", "origin", "main:registry");
    const { code, stderr } = await scratch.mergeml("init");
    expect([code, stderr]).toEqual([2, expect.stringContaining("registry")]);
    expect(stderr).toContain("registry: ");
  });
});
