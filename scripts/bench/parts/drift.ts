import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEnvironment, pythonOf } from "../../../test/peers/virtual-environment.ts";
import { checkLargeWindow } from "../drift/tell-speed.ts";
import { measure } from "../measure.ts";
import { besidePeer, type Row } from "../row.ts";
import { product } from "./stage.ts";

/** A window of three million rows and eight columns, checked beside Evidently's report and frouros' tests on the same files. */
export async function driftRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peer-evidently");
  await makeEnvironment("peer-frouros");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const { processor, reference, window } = await checkLargeWindow(folder);
  const files = [reference, window];
  const script = (name: string) => join(product, "scripts/bench/peers", name);
  const report = [script("drift_evidently.py"), ...files, join(folder, "drift.html")];
  const evidently = measure(pythonOf("peer-evidently"), report, folder).processor;
  const frouros = measure(pythonOf("peer-frouros"), [script("drift_frouros.py"), ...files], folder).processor;
  rmSync(folder, { recursive: true });
  const what = "drift of 3,000,000 rows × 8 columns";
  add(besidePeer(what, "CPU s", processor, { name: "Evidently", value: evidently }, 0.05));
  add(
    besidePeer(`${what}, all we look at`, "CPU s", processor, { name: "frouros (KS and chi²)", value: frouros }, 0.5),
  );
}
