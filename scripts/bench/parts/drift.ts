import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEnvironment, pythonOf } from "../../../test/peers/virtual-environment.ts";
import { checkLargeWindow } from "../drift/tell-speed.ts";
import { measure } from "../measure.ts";
import { besidePeer, type Row } from "../row.ts";
import { product } from "./stage.ts";

/** A window of three million rows and eight columns, checked beside Evidently's report on the same files. */
export async function driftRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peer-evidently");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const { processor, reference, window } = await checkLargeWindow(folder);
  const args = [join(product, "scripts/bench/peers/drift_evidently.py"), reference, window, join(folder, "drift.html")];
  const peer = { name: "Evidently", value: measure(pythonOf("peer-evidently"), args, folder).processor };
  rmSync(folder, { recursive: true });
  add(besidePeer("drift of 3,000,000 rows × 8 columns", "CPU s", processor, peer, 0.05));
}
