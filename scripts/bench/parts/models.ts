import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { makeEnvironment, pythonOf } from "../../../test/peers/virtual-environment.ts";
import { measure, medianOf } from "../measure.ts";
import { besidePeer, type Row } from "../row.ts";
import { inScratch, multiplied } from "./stage.ts";

const models = 1_000;

/** A plan of many models none of which changed, beside a pipeline of as many stages. */
export async function modelRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peer-dvc");
  const peer = reproduce();
  const ours = await inScratch(
    (run) => {
      run("plan");
      return medianOf(5, () => run("plan")).processor;
    },
    () => multiplied(models, 1),
  );
  add(besidePeer("`plan`, 1,000 models, none changed", "CPU s", ours, { name: "`dvc repro`", value: peer }, 0.05));
}

/** As `dvc repro` leaves them, whose first run of so many stages takes a quarter of an hour and is not what is measured. */
function reproduce(): number {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const dvc = join(dirname(pythonOf("peer-dvc")), "dvc");
  measure(dvc, ["init", "--no-scm", "-q"], folder);
  const stages = Array.from({ length: models }, (_, at) => stageOf(folder, at));
  writeFileSync(join(folder, "dvc.yaml"), stringify({ stages: Object.fromEntries(stages.map((each) => each.stage)) }));
  const lock = { schema: "2.0", stages: Object.fromEntries(stages.map((each) => each.locked)) };
  writeFileSync(join(folder, "dvc.lock"), stringify(lock));
  const told = execFileSync(dvc, ["status"], { cwd: folder, encoding: "utf8", timeout: 600_000 });
  if (!told.includes("up to date")) throw new Error(`dvc takes its stages for changed: ${told.slice(0, 400)}`);
  const { processor } = medianOf(3, () => measure(dvc, ["repro", "-q"], folder));
  rmSync(folder, { recursive: true });
  return processor;
}

/** A stage that copies a small file, done. */
function stageOf(folder: string, at: number): { stage: [string, object]; locked: [string, object] } {
  const [name, input, output, text] = [`m${at}`, `in-${at}.txt`, `out-${at}.txt`, `${at}`];
  const md5 = createHash("md5").update(text).digest("hex");
  const kept = join(folder, ".dvc/cache/files/md5", md5.slice(0, 2));
  mkdirSync(kept, { recursive: true });
  for (const path of [join(folder, input), join(folder, output), join(kept, md5.slice(2))]) writeFileSync(path, text);
  const cmd = `cp ${input} ${output}`;
  const hashed = (path: string) => ({ path, hash: "md5", md5, size: text.length });
  return {
    stage: [name, { cmd, deps: [input], outs: [output] }],
    locked: [name, { cmd, deps: [hashed(input)], outs: [hashed(output)] }],
  };
}
