import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sha256 } from "../../../pipelines/config/canonical-json.ts";
import { readLock } from "../../../pipelines/config/program-files.ts";

const locked = `numpy==2.4.6 --hash=sha256:${"a".repeat(64)}\n`;
const where = { file: "models/rent/model.yaml", line: 7, column: 3 };
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mergeml-test-"));
  mkdirSync(join(root, "models/rent"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function read(environment: string | undefined, files: Record<string, string> = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, "models/rent", name), text);
  const model = { config: { params: { environment } }, file: where.file, locate: () => where };
  return readLock(root, model as unknown as Parameters<typeof readLock>[1]);
}

it("gives the hashes of the files, with line ends as git keeps them", () => {
  const files = { "requirements.txt": locked.replace("\n", "\r\n"), ".python-version": "3.13\n" };
  expect(read("requirements.txt", files)).toEqual({
    files: { "requirements.txt": sha256(locked), ".python-version": sha256("3.13\n") },
    problems: [],
  });
});

it("is nothing where no lock is named", () => {
  expect(read(undefined, { "requirements.txt": "numpy\n" })).toEqual({ files: {}, problems: [] });
});

it("says where a name is no lock, and which file is not there", () => {
  const key = "params.environment";
  expect(read("poetry.lock").problems).toMatchObject([
    {
      message: "poetry.lock is no kind of lock file that is known",
      hint: expect.stringContaining("renv.lock"),
      where,
      key,
    },
  ]);
  expect(read("pyproject.toml", { "pyproject.toml": "" }).problems).toMatchObject([
    { message: "models/rent/uv.lock is not there", where, key },
  ]);
});

it("says the line of the lock itself that has no hash, and refuses a link", () => {
  expect(read("requirements.txt", { "requirements.txt": `${locked}onnx==1.20.1\n` }).problems).toMatchObject([
    {
      message: "onnx has no hash",
      where: { file: "models/rent/requirements.txt", line: 2 },
      key: "params.environment",
    },
  ]);
  symlinkSync("/etc/passwd", join(root, "models/rent/renv.lock"));
  expect(read("renv.lock").problems).toMatchObject([{ message: expect.stringContaining("is a link") }]);
});
