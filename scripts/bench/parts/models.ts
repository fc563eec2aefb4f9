import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
      return medianOf(5, () => run("plan")).seconds;
    },
    () => multiplied(models, 1),
  );
  add(besidePeer("`plan`, 1,000 models, none changed", "s", ours, { name: "`dvc repro`", value: peer }, 0.05));
}

function reproduce(): number {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const dvc = join(dirname(pythonOf("peer-dvc")), "dvc");
  const stage = (at: number) =>
    `  m${at}:\n    cmd: cp in-${at}.txt out-${at}.txt\n    deps: [in-${at}.txt]\n    outs: [out-${at}.txt]\n`;
  const all = Array.from({ length: models }, (_, at) => at);
  for (const at of all) writeFileSync(join(folder, `in-${at}.txt`), `${at}`);
  writeFileSync(join(folder, "dvc.yaml"), `stages:\n${all.map(stage).join("")}`);
  measure(dvc, ["init", "--no-scm", "-q"], folder);
  measure(dvc, ["repro", "-q"], folder);
  const { seconds } = medianOf(3, () => measure(dvc, ["repro", "-q"], folder));
  rmSync(folder, { recursive: true });
  return seconds;
}
