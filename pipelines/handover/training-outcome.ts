import { lstat, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCandidate } from "../candidate/candidate-directory.ts";
import type { BuildResult } from "../candidate/train-candidate.ts";
import type { LoadedModel } from "../config/load-models.ts";
import { validatorOf } from "../config/schema/validator-of.ts";
import type { CheckResult } from "../data/dataset-store.ts";
import { lacksCredential } from "../data/sources/missing-credential.ts";
import { EnvironmentError, type Problem, UserError } from "../errors/expected-error.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { Log } from "../ports/host.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { writeAside } from "../workspace/write-aside.ts";
import { bundleSchema } from "./training-schema.ts";

/** Training gave a candidate, which the gate has judged. */
interface CandidateOutcome {
  state: "candidate";
  id: string;
}

/** The data broke a blocking check, so nothing was trained. `rows` is what the feature query returned. */
export interface ChecksFailed {
  state: "checks-failed";
  model: string;
  checks: readonly CheckResult[];
  rows: number;
}

/** Something stopped the training before there was a candidate; `during` names the step as in “Stopped at …”, e.g. `training`. */
export interface TrainingError {
  state: "error";
  model: string;
  problems: readonly Problem[];
  during: string;
  /** It was compared with `from`, and `to` is in production now: it is to be judged again. Never handed over, only found. */
  moved?: { from: number | null; to: number | null };
}

/** This job lacks what a source of the model is signed in to with, as a fork's job does: nothing is wrong with the model. */
export interface UnreachedModel {
  state: "unreached";
  model: string;
  problems: readonly Problem[];
}

/** The candidate is the very model that is in production: nothing to deploy. */
export interface IdenticalModel {
  state: "identical";
  model: string;
  version: number;
}

/** This definition is `version` already, which was rolled back or is not in production any more; a merge doesn't deploy it again. */
export interface HeldModel {
  state: "held";
  rolledBack: boolean;
  model: string;
  version: number;
  production: number | null;
}

/**
 * What became of a model's training, as it is kept, handed to other jobs and reported: the candidate it gave, or why it gave
 * none. An identical one has a candidate too, unless nothing was trained because the inputs are production's. Plain JSON.
 */
export type TrainingOutcome =
  | CandidateOutcome
  | (IdenticalModel & { id: string | null })
  | ChecksFailed
  | TrainingError
  | UnreachedModel
  | HeldModel;

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
    const told: TrainingOutcome = lacksCredential(error)
      ? { state: "unreached", model, problems: error.problems }
      : { state: "error", model, problems: problemsOf(error), during: current() };
    // Where nothing can be written, what went wrong first is what is told.
    await writeOutcome(workspace.root, model, told).catch(() => undefined);
    throw error;
  }
}

/** The outcome of the model's last training; null when there was none. */
export async function readOutcome(root: string, model: string): Promise<TrainingOutcome | null> {
  try {
    return JSON.parse(await readFile(outcomeFile(root, model), "utf8")) as TrainingOutcome;
  } catch {
    return null; // never trained here
  }
}

/** Keeps what became of a model's training, in the place of the one before. */
export async function writeOutcome(root: string, model: string, outcome: TrainingOutcome): Promise<void> {
  await writeAside(outcomeFile(root, model), `${JSON.stringify(outcome, null, 2)}\n`);
}

function outcomeFile(root: string, model: string): string {
  return join(root, ".mergeml", "outcomes", `${model.replace(/[^a-z0-9-]/g, "_")}.json`);
}

function outcomeOf(model: string, result: BuildResult): TrainingOutcome {
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

/** A candidate that was trained, scored and judged; `production` is the version it was compared with. */
export interface JudgedEntry {
  state: "judged";
  candidate: CandidateRecord;
  evaluation: Evaluation;
  verdict: Verdict;
  production: VersionRecord | null;
  /** Where a key of the judged model.yaml stands, where that file was read. */
  locate?: LoadedModel["locate"];
}

/** What became of one model: a candidate with all that there is to tell of it, or an outcome without one. */
export type ReportEntry = JudgedEntry | ChecksFailed | TrainingError | UnreachedModel | IdenticalModel | HeldModel;

/** What became of a model's training, as it travels to the job that reports: without the model's bytes. */
export interface CandidateBundle {
  format: 1;
  model: string;
  outcome: TrainingOutcome;
  /** null when training gave no candidate; of an identical one it is the evidence. */
  candidate: { record: CandidateRecord; evaluation: Evaluation; verdict: Verdict } | null;
}

/** The one file of a bundle. */
export const bundleFile = "bundle.json";

/** Writes the bundle of a model's last training into `folder`; returns false when it was never trained here. */
export async function writeBundle(root: string, model: string, folder: string): Promise<boolean> {
  const outcome = await readOutcome(root, model);
  if (!outcome) return false;
  const bundle: CandidateBundle = { format: 1, model, outcome, candidate: await candidateOf(root, outcome) };
  await mkdir(folder, { recursive: true });
  await writeAside(join(folder, bundleFile), `${JSON.stringify(bundle)}\n`);
  return true;
}

/** Whether a bundle of this outcome has a candidate. */
export function givesCandidate(
  outcome: TrainingOutcome,
): outcome is Extract<TrainingOutcome, { id: unknown }> & { id: string } {
  return "id" in outcome && outcome.id !== null;
}

async function candidateOf(root: string, outcome: TrainingOutcome): Promise<CandidateBundle["candidate"]> {
  if (!givesCandidate(outcome)) return null;
  const { record, evaluation, verdict } = await readCandidate(root, outcome.id, root);
  return { record, evaluation, verdict };
}

/** A bundle or a plan may have so many bytes. */
const mostBytes = 8 * 1024 * 1024;
/** Checking and hashing recurse; nothing that is handed over nests deeper than a dozen. */
const mostLevels = 64;

/** Reads a bundle that may come from anybody. Throws UserError that says what is wrong with it. */
export async function readBundle(file: string, model: string): Promise<CandidateBundle> {
  const bundle = (await readChecked(file, bundleSchema)) as CandidateBundle;
  const { outcome, candidate } = bundle;
  const named = [bundle.model, "model" in outcome ? outcome.model : model, candidate?.record.config.name ?? model];
  if (named.some((each) => each !== model)) throw refused(file, `it speaks of another model than ${model}`);
  if (givesCandidate(outcome) !== (candidate !== null)) throw refused(file, "its candidate is missing");
  return bundle;
}

/** A JSON file of a schema: a plain file, not a link, of a bounded size. */
export async function readChecked(file: string, schema: object): Promise<unknown> {
  const facts = await lstat(file).catch(() => null);
  if (!facts?.isFile()) throw refused(file, facts ? "it is not a plain file" : "it is missing");
  if (facts.size > mostBytes) throw refused(file, `it has ${facts.size} bytes; at most ${mostBytes} are read`);
  const value = parse(file, await readFile(file, "utf8"));
  const check = validatorOf(schema, "handed");
  if (check(value)) return value;
  const { instancePath = "", message = "" } = check.errors?.[0] ?? {};
  throw refused(file, `${instancePath.slice(0, 100) || "it"} ${message}`);
}

function parse(file: string, text: string): unknown {
  if (nestsDeeper(text, mostLevels)) throw refused(file, `it nests deeper than ${mostLevels} levels`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(file, `it is not JSON: ${(cause as Error).message.slice(0, 100)}`);
  }
}

function refused(file: string, why: string): UserError {
  const name = file.split("/").slice(-2).join("/");
  return new UserError({ message: `the result ${name} cannot be used: ${why}`, hint: "run the training job again" });
}

const [quote, backslash] = [0x22, 0x5c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** Whether a JSON text nests arrays and objects deeper than so many levels, told without parsing it. */
function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString && code === backslash) at++;
    else if (code === quote) inString = !inString;
    else if (!inString && opening.has(code)) depth++;
    else if (!inString && closing.has(code)) depth--;
    if (depth > levels) return true;
  }
  return false;
}
