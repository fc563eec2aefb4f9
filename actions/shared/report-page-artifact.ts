import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { ScoredVersion } from "../../pipelines/report/html/report-page.ts";
import { modelOf, worstEntryFirst } from "../../pipelines/report/report-entry.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";
import type { Action } from "./action.ts";
import { uploadFolder } from "./github/artifact.ts";

const pageArtifact = "mergeml-report-html";
/** Models that have pictures; more make a page that no browser likes. */
const mostPictured = 50;

/** Uploads the report with pictures, one file that opens offline. Returns its address; null where it cannot be. */
export async function uploadPage(
  action: Action,
  entries: readonly ReportEntry[],
  histories: ReadonlyMap<string, readonly ScoredVersion[]>,
): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-report-html-"));
  try {
    const { reportPage } = await import("../../pipelines/report/html/report-page.ts");
    const sorted = worstEntryFirst(entries).slice(0, mostPictured);
    const own = sorted.map((entry) => histories.get(modelOf(entry)) ?? []);
    await writeAside(join(folder, "report.html"), await reportPage({ entries: sorted, histories: own }));
    const artifact = await uploadFolder({ name: pageArtifact, folder });
    return artifact === "kept" ? null : `${(await action.context()).runUrl}/artifacts/${artifact}`;
  } catch (error) {
    // Pictures are beside the verdict, which must not be lost with them.
    action.log.warn(`the report with pictures was not made: ${(error as Error).message}`);
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
