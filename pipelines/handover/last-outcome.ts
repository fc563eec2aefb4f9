import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildResult } from "../candidate/candidate.ts";
import { EnvironmentError } from "../errors/environment-error.ts";
import { type Problem, UserError } from "../errors/user-error.ts";
import type { Log } from "../ports/log.ts";
import type { IdenticalEntry, ReportEntry } from "../report/report-entry.ts";
import { writeAside } from "../workspace/step-cache.ts";
import type { Workspace } from "../workspace/workspace.ts";

/**
 * What became of a model's last training: the candidate it gave, or why it gave none, so that `report` can tell both. An
 * identical one has a candidate too, unless nothing was trained because the inputs are production's.
 */
export type LastOutcome =
  | { state: "candidate"; id: string }
  | (IdenticalEntry & { id: string | null })
  | Exclude<ReportEntry, { state: "judged" | "identical" }>;

/** Runs a build and keeps what became of it, errors included, for the report. Errors go on to the caller. */
export async function keepOutcome<T extends BuildResult>(
  workspace: Workspace,
  model: string,
  build: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const { log, current } = followSteps(workspace.log);
  try {
    const result = await build({ ...workspace, log });
    await writeOutcome(workspace.root, model, outcomeOf(model, result));
    return result;
  } catch (error) {
    await writeOutcome(workspace.root, model, {
      state: "error",
      model,
      problems: problemsOf(error),
      during: current(),
    });
    throw error;
  }
}

/** The outcome of the model's last training; null when there was none. */
export async function readOutcome(root: string, model: string): Promise<LastOutcome | null> {
  try {
    return JSON.parse(await readFile(outcomeFile(root, model), "utf8")) as LastOutcome;
  } catch {
    return null; // never trained here
  }
}

async function writeOutcome(root: string, model: string, outcome: LastOutcome): Promise<void> {
  await writeAside(outcomeFile(root, model), `${JSON.stringify(outcome, null, 2)}\n`);
}

function outcomeFile(root: string, model: string): string {
  return join(root, ".mergeml", "outcomes", `${model.replace(/[^a-z0-9-]/g, "_")}.json`);
}

function outcomeOf(model: string, result: BuildResult): LastOutcome {
  if (result.state === "checks-failed")
    return { state: "checks-failed", model, checks: result.checks, rows: result.rows };
  if (result.state === "judged") return { state: "candidate", id: result.candidate.record.id };
  const id = result.state === "identical" ? result.candidate.record.id : null; // of unchanged inputs nothing is trained
  return { state: "identical", model, version: result.version, id };
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  if (error instanceof EnvironmentError) return [{ message: error.message, hint: `${error.tried}. ${error.safe}` }];
  return [{ message: error instanceof Error ? error.message : String(error) }];
}

/** A log that knows which step is running. */
function followSteps(log: Log): { log: Log; current(): string } {
  let running = "reading the config";
  const step: Log["step"] = (title, work, done) => {
    running = title;
    return log.step(title, work, done);
  };
  return { log: { ...log, step }, current: () => running };
}
