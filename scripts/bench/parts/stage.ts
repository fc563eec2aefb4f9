import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exampleCsv } from "../../../pipelines/scaffold/locate-data.ts";
import { prepareScratch, type Scratch, stageEnvironment } from "../../demo/scratch-repository.ts";
import { type Measurement, measure } from "../measure.ts";
import { multiplyModel } from "../synthetic-registry.ts";

export const product = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
export const mergeml = join(product, "scripts", "mergeml");

/** A scratch repository for as long as `work` takes; `run` measures our command in it. */
export async function inScratch<T>(
  work: (run: (...args: string[]) => Measurement, scratch: Scratch) => Promise<T> | T,
  prepare: () => Promise<Scratch> = prepareScratch,
): Promise<T> {
  const scratch = await prepare();
  try {
    return await work((...args) => measure(mergeml, args, scratch.repository), scratch);
  } finally {
    rmSync(dirname(scratch.repository), { recursive: true, force: true });
  }
}

/** One small model under many names with many versions each, everything committed and pushed. */
export async function multiplied(models: number, versions: number): Promise<Scratch> {
  const scratch = await prepareScratch();
  const { repository } = scratch;
  for (const name of ["diamond-price", "flight-delay", "bird-strike"])
    rmSync(join(repository, "models", name), { recursive: true });
  rmSync(join(repository, "data"), { recursive: true });
  mkdirSync(join(repository, "data"));
  writeFileSync(join(repository, "data", "flats.csv"), exampleCsv());
  measure(mergeml, ["init", "flats", "--data", "data/flats.csv"], repository);
  measure(mergeml, ["run", "flats"], repository);
  const origin = join(dirname(repository), "origin.git");
  await multiplyModel({ root: repository, origin }, "flats", models, versions);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: repository, env: stageEnvironment });
  git("add", "models");
  git("add", "-f", "data/flats.csv");
  git("commit", "-qm", "Add models");
  git("push", "-q", "origin", "main");
  for (const setting of ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"])
    execFileSync("git", ["-C", origin, "config", setting, "true"]);
  return scratch;
}
