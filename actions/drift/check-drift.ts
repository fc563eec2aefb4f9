import { checkDrift } from "../../pipelines/check-drift.ts";
import { driftReports } from "../../pipelines/report/drift/drift-report.ts";
import { renderDriftTable } from "../../pipelines/report/drift/drift-terminal.ts";
import { tryRetrain } from "../../pipelines/try-retrain.ts";
import type { DriftEntry } from "../../pipelines/watch/drift/model-drift.ts";
import { inEnvironment } from "../../pipelines/workspace/in-environment.ts";
import { type Action, appendJobSummary, environmentInput } from "../shared/action.ts";
import { momentOf, uploadDrift } from "./drift-bundle.ts";

/** Looks at the data of some models and hands on what it found. Red when one could not be checked; the others are handed on all the same. */
export async function checkPlannedDrift(action: Action): Promise<void> {
  const checkout = await action.workspace();
  const environment = environmentInput(action, checkout);
  const workspace = inEnvironment(checkout, environment);
  const entries = await checkDrift(workspace, action.list("models"), {
    now: momentOf(action, workspace.clock),
    ...(environment === "production" && { tryRetrain }),
  });
  await uploadDrift(entries, environment);
  action.log.info(renderDriftTable(entries));
  await appendJobSummary(action.env, driftReports(entries));
  const failed = entries.filter(isFailure);
  for (const { model, error } of failed) action.log.warn([`${model}: ${error.message}`, error.hint].join("\n"));
  if (failed.length > 0) action.fail(`could not be checked: ${failed.map(({ model }) => model).join(", ")}`);
}

/** A model that nobody can watch is no failure of a run over all models. */
function isFailure(entry: DriftEntry): entry is Extract<DriftEntry, { outcome: "error" }> {
  return entry.outcome === "error" && entry.error.kind !== "unwatched";
}
