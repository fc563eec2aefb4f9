import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { production } from "./pull-request.ts";
import { makeTemplateRepository, type TestRepository } from "./repository.ts";

const root = join(import.meta.dirname, "../..");
const uv = join(root, ".cache/uv/venv/bin");
/** A Python that has nothing but itself, as hosted runners have one, and no uv. */
const wanted = ["python3", "R", "Rscript"];

const tools = mkdtempSync(join(tmpdir(), "mergeml-test-"));
let repository: TestRepository;
const path = process.env.PATH;

beforeAll(async () => {
  const python = execFileSync("python3", ["-c", "import sys; print(sys._base_executable)"], {
    encoding: "utf8",
  }).trim();
  for (const name of wanted) {
    const target = name === "python3" ? python : which(name);
    if (target) symlinkSync(target, join(tools, name));
  }
  process.env.PATH = `${tools}:${path}`;
  repository = await makeTemplateRepository();
  repository.git("rm", "-qr", "models/diamond-price");
});
afterAll(async () => {
  process.env.PATH = path;
  await repository?.[Symbol.asyncDispose]();
  rmSync(tools, { recursive: true });
});

function which(name: string): string | null {
  try {
    return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}

/** An example with fewer trees; `lock` with uv's own lock of the same packages. */
function addExample(example: string, { lock = false } = {}): void {
  const folder = join(repository.root, "models", example);
  cpSync(join(root, "models/examples", example), folder, { recursive: true });
  const data = /'([^']+\.csv)'/.exec(readFileSync(join(folder, "features.sql"), "utf8"))?.[1];
  expect(data, readdirSync(folder).join()).toBeDefined();
  const yaml = readFileSync(join(folder, "model.yaml"), "utf8").replace(/(max_iter|n_estimators): 200/, "$1: 60");
  const text = lock ? yaml.replace("environment: requirements.txt", "environment: pyproject.toml") : yaml;
  repository.write(`models/${example}/model.yaml`, text);
  if (!lock) return;
  const needs = readFileSync(join(folder, "requirements.in"), "utf8").trim().split("\n");
  const project = `[project]\nname = "${basename(example)}"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ${JSON.stringify(needs)}\n`;
  repository.write(`models/${example}/pyproject.toml`, project);
  rmSync(join(folder, "requirements.txt"));
  execFileSync(join(uv, "uv"), ["lock", "-q", "--project", folder], { stdio: "inherit", timeout: 300_000 });
}

it("trains all examples where no library of theirs is, from requirements.txt with hashes and from uv.lock", async () => {
  const { git, run } = repository;
  for (const example of ["awk", "lightgbm", "sklearn"]) addExample(example);
  addExample("xgboost", { lock: true });
  const hasR = which("Rscript") !== null; // as hosted runners have
  if (hasR) addExample("r");
  for (const library of ["lightgbm", "sklearn", "xgboost"])
    expect(() =>
      execFileSync("python3", ["-c", `import ${library}`], { env: { PATH: process.env.PATH }, stdio: "ignore" }),
    ).toThrow();
  repository.mergeml("init");
  git("add", ".");
  git("commit", "-qm", "Add programs");
  git("push", "-q", "origin", "main");
  const deployed = await run("push", ".github/workflows/model-deploy.yml", { ref: "refs/heads/main" });
  expect(deployed.code, deployed.log).toBe(0);
  const models = ["awk", "lightgbm", "sklearn", "xgboost", ...(hasR ? ["r"] : [])];
  for (const model of models) expect(production(repository, model), deployed.log).toBe(1);
  expect(deployed.log).toMatch(/requirements\.txt\s+[0-9a-f]{12}/);
  expect(deployed.log).toMatch(/uv\.lock\s+[0-9a-f]{12}/);
});
