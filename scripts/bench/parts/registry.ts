import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeEnvironment, python } from "../../../test/peers/virtual-environment.ts";
import { measure, medianOf } from "../measure.ts";
import { alone, besidePeer, type Row } from "../row.ts";
import { inScratch, mergeml, multiplied, product } from "./stage.ts";

/** A version registered and promoted, and what many versions cost who plans and who verifies. */
export async function registryRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peers");
  await inScratch((run, { repository }) => {
    run("init");
    run("train", "diamond-price");
    const [model = ""] = globSync(join(repository, ".mergeml/candidates/diamond-price/*/model.onnx"));
    const kept = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
    cpSync(model, join(kept, "model.onnx"));
    const ours = run("register", "diamond-price", "--promote").processor;
    const args = [join(product, "scripts/bench/peers/register_mlflow.py"), join(kept, "model.onnx"), kept];
    const peer = { name: "MLflow", value: measure(python, args, kept).processor };
    rmSync(kept, { recursive: true });
    add(besidePeer("register and promote, 53,940 rows", "CPU s", ours, peer, 0.15));
  });
  for (const models of [20, 200])
    await inScratch(
      (_, scratch) => many(add, models, scratch),
      () => multiplied(models, 50),
    );
}

function many(add: (row: Row) => void, models: number, { repository }: { repository: string }): void {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const clone = join(folder, "clone");
  execFileSync("git", ["clone", "-q", "--depth=1", `file://${join(dirname(repository), "origin.git")}`, clone]);
  const size = () => megabytesOf(join(clone, ".git"));
  const before = size();
  const { seconds } = measure(mergeml, ["plan"], clone, 0, { CI: "true" });
  add(
    alone(`\`plan\` in a fresh checkout, ${models} models × 50 versions`, [
      { value: seconds, unit: "s", most: 1.5 },
      { value: size() - before, unit: "MB", most: 10 },
    ]),
  );
  const all = measure(mergeml, ["verify"], repository);
  add(alone(`\`verify\`, ${models * 50} versions, everything`, [{ value: all.processor, unit: "CPU s" }]));
  const part = medianOf(3, () => measure(mergeml, ["verify", "--since", "origin/registry~2"], repository));
  add(alone(`\`verify\` of the last of ${models * 50} versions`, [{ value: part.seconds, unit: "s", most: 1 }]));
  const status = medianOf(3, () => measure(mergeml, ["status"], repository));
  add(alone(`\`status\`, ${models * 50} versions of ${models} models`, [{ value: status.seconds, unit: "s" }]));
  rmSync(folder, { recursive: true });
}

function megabytesOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1e6;
}
