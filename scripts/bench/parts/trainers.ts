import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEnvironment, python } from "../../../test/peers/virtual-environment.ts";
import { fitAll, fitTables, type MeasuredFit, medianFit, writeTables } from "../fits/fit-all.ts";
import { besidePeer, type Row } from "../measure.ts";
import { product } from "./stage.ts";

/** Fits of gradient boosting beside LightGBM, and of a neural network beside scikit-learn's. */
export async function trainerRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peer-examples");
  await makeEnvironment("peers");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  writeTables(folder);
  const params = JSON.stringify({ hidden: [64, 64], epochs: 20 });
  const network = (program: string, script: string) => {
    const args = [join(product, "scripts/bench", script), join(folder, "diamonds-1"), "neural-network", params];
    return JSON.parse(execFileSync(program, args, { encoding: "utf8", timeout: 600_000 })) as MeasuredFit;
  };
  const [ours, theirs] = [network(process.execPath, "fit-ours.ts"), network(python, "fit_sklearn.py")];
  const scores = `rmse ${ours.scores.rmse.toFixed(0)} and ${theirs.scores.rmse.toFixed(0)}`;
  const peer = { name: "scikit-learn", value: theirs.seconds };
  add(besidePeer(`fit of a neural network, diamonds, 20 epochs (${scores})`, "s", ours.seconds, peer, null));
  for (const table of fitTables) {
    const fits = fitAll(folder, table);
    const seconds = (who: string) => medianFit(fits.get(who)!, (fit) => fit.seconds);
    const lightgbm = { name: "LightGBM", value: seconds("lightgbm") };
    add(besidePeer(`fit of ${table.name}, ${table.trees} trees`, "s", seconds("mergeml"), lightgbm, table.goal));
  }
  rmSync(folder, { recursive: true });
}
