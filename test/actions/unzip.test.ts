import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unzip } from "../../actions/shared/github/other-run.ts";
import { type ZippedFile, zipArchive } from "../github/zip-archive.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mergeml-unzip-"));
  folder = join(root, "in");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const limits = { files: 3, bytes: 1_000 };
const unpack = (files: ZippedFile[]) => unzip(zipArchive(files), folder, limits);

describe("an archive that may come from anybody", () => {
  it("is unpacked when it holds plain files", async () => {
    await unpack([
      { name: "plan.json", content: "{}" },
      { name: "made-elsewhere.json", content: "[]", mode: 0 },
    ]);
    expect(readdirSync(folder).sort()).toEqual(["made-elsewhere.json", "plan.json"]);
    expect(readFileSync(join(folder, "plan.json"), "utf8")).toBe("{}");
  });

  it.each<[string, ZippedFile[], RegExp]>([
    ["a way out", [{ name: "../outside.json", content: "x" }], /invalid relative path/],
    ["an absolute path", [{ name: "/tmp/outside.json", content: "x" }], /absolute path/],
    ["a Windows path", [{ name: "..\\outside.json", content: "x" }], /an artifact cannot be used/],
    ["a folder in the name", [{ name: "a/b.json", content: "x" }], /a file of it is called "a\/b.json"/],
    ["a hidden file", [{ name: ".npmrc", content: "x" }], /a file of it is called ".npmrc"/],
    ["a link", [{ name: "plan.json", content: "/etc/passwd", mode: 0o120777 }], /plan.json is not a plain file/],
    ["a device", [{ name: "plan.json", content: "", mode: 0o020666 }], /plan.json is not a plain file/],
    ["a bomb", [{ name: "plan.json", content: Buffer.alloc(50_000_000) }], /larger than 1000 bytes/],
    ["a bomb that lies", [{ name: "plan.json", content: Buffer.alloc(5_000), claimedSize: 10 }], /cannot be used/],
    ["many files", [1, 2, 3, 4].map((n) => ({ name: `f${n}`, content: "" })), /it has 4 files; at most 3/],
    [
      "two files of one name",
      [
        { name: "plan.json", content: "{}" },
        { name: "plan.json", content: "[]" },
      ],
      /not a sound archive/,
    ],
  ])("is refused with %s", async (_, files, message) => {
    await expect(unpack(files)).rejects.toThrow(message);
    expect(readdirSync(root)).toEqual(["in"]);
  });

  it("is refused when it is none", async () => {
    await expect(unzip(Buffer.from("not a zip"), folder, limits)).rejects.toThrow(/not a sound archive/);
  });
});
