import { dirname, join } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import type { CheckResult } from "../data/dataset-store.ts";
import { loadTable, type Table, type Target } from "../data/table.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { findLeaks, type Leak } from "../evaluation/leak.ts";
import { leakSentence } from "../gate/data-checks.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { Log, Step } from "../ports/host.ts";
import { type InputExample, inputExample } from "../registry/mlflow-files.ts";
import { apartWhereItSigns } from "../registry/trust/signing-job.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import { trainModel } from "../training/train-model.ts";
import type { ProgramSource, TrainedModel } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { foreseen } from "./foresee.ts";
import type { PreparedData } from "./prepare-data.ts";
import { tableNotes } from "./table-notes.ts";

/** A trained, evaluated and judged model that is not registered. */
export interface Candidate {
  record: CandidateRecord;
  /** The bytes of model.onnx: what was scored is what ships. */
  model: Uint8Array;
  evaluation: Evaluation;
  verdict: Verdict;
  naive: Naive;
  example: InputExample;
}

/** What a model that learned nothing would predict, from the train split. */
export type Naive = { mean: number } | { frequencies: readonly number[] };

/** How building a candidate can end. */
export type BuildResult =
  | { state: "checks-failed"; model: LoadedModel; checks: readonly CheckResult[]; rows: number }
  /** The inputs are those of the version in production. */
  | { state: "unchanged"; model: LoadedModel; version: number }
  /** Other inputs, but the same model bytes as production: nothing to deploy. */
  | { state: "identical"; model: LoadedModel; candidate: Candidate; version: number }
  | { state: "judged"; model: LoadedModel; candidate: Candidate; production: VersionRecord | null };

/** What training leaves behind, and what its cache keeps. */
export interface TrainResult {
  model: Uint8Array;
  sha256: string;
  facts: Pick<TrainedModel, "importance" | "coefficients" | "curves">;
  /** What the trainer says about how it computed; becomes part of the record's environment. */
  environment: Readonly<Record<string, string>>;
  naive: Naive;
  example: InputExample;
  /** What a careful person would ask about the rows it learned from. */
  notes: readonly string[];
  leaks: readonly Leak[];
  seconds: number;
}

/** Trains on the stored train split, or takes the bytes from the cache: training is deterministic, so they are the same. */
export async function trainCandidate(
  workspace: Workspace,
  model: LoadedModel,
  prepared: PreparedData,
): Promise<TrainResult> {
  const { log, engineOf } = workspace;
  const { staged } = prepared.data;
  const result = await trainStep(workspace, model, prepared).finally(
    () => staged && engineOf(model.config.features.engine).unstage?.(staged),
  );
  for (const note of [...result.leaks.map(leakSentence), ...result.notes]) log.warn(note);
  return result;
}

/** Leaves a trained model for other machines, as if this one had trained it; nothing where no results are left. */
export async function leaveTraining(
  { cache }: Workspace,
  config: LoadedModel["config"],
  identity: Pick<PreparedData, "id" | "definition">,
  result: TrainResult,
): Promise<void> {
  if (cache.shared) await keepResult(cache, trainInputs(config, identity), result);
}

function trainInputs(
  { params, search }: LoadedModel["config"],
  { id, definition }: Pick<PreparedData, "id" | "definition">,
) {
  return { id, definition, ...(search && { params }) }; // what a search found is not in the definition
}

async function keepResult(cache: Workspace["cache"], inputs: unknown, result: TrainResult): Promise<void> {
  await cache.writeBytes("train", inputs, result.model, {});
  await cache.write("train", inputs, { ...result, model: undefined }, {});
}

async function trainStep(workspace: Workspace, model: LoadedModel, prepared: PreparedData): Promise<TrainResult> {
  const { cache, log } = workspace;
  const inputs = trainInputs(model.config, prepared);
  return log.step(
    "train",
    async (step) => {
      const [bytes, facts] = [
        await cache.readBytes("train", inputs, {}),
        await cache.read<Omit<TrainResult, "model">>("train", inputs, {}),
      ];
      if (bytes && facts?.leaks) return { ...facts, model: bytes };
      const result = await trainNow(workspace, model, prepared, nestedLog(log, foreseenFit(workspace, prepared, step)));
      await keepResult(cache, inputs, result);
      return result;
    },
    (result) => `${model.config.type}  ${kilobytes(result.model.length)}${lastPoint(result)}`,
  );
}

async function trainNow(
  workspace: Workspace,
  model: LoadedModel,
  prepared: PreparedData,
  log: Log,
): Promise<TrainResult> {
  const { store, threads, clock } = workspace;
  const { config } = model;
  const {
    task,
    features: { target },
    params,
    seed,
  } = config;
  const { train, features, classes, staged } = prepared.data;
  const table = await loadTable(store, train, { features, target, task, classes });
  const started = clock.now().getTime();
  const signature = { features, classes };
  const limit = Math.min(threads, config.resources.threads);
  const { model: trained, sha256 } = await trainModel({
    trainer: prepared.trainer,
    task,
    table,
    params,
    seed,
    threads: limit,
    log,
    signature,
    ...(await programSource(workspace, model)),
    ...(staged && { staged }),
  });
  return {
    model: trained.onnx,
    sha256,
    facts: { importance: trained.importance, coefficients: trained.coefficients, curves: trained.curves },
    environment: trained.facts ?? {},
    naive: naiveOf(table.target),
    example: inputExample(table.features, 5),
    notes: notesOf(table, config),
    leaks: findLeaks(table),
    seconds: (clock.now().getTime() - started) / 1000,
  };
}

/** What a careful person would ask about the rows of a training. */
export function notesOf(table: Table, { features: { target }, params }: LoadedModel["config"]): readonly string[] {
  const minRows = typeof params.min_rows_per_leaf === "number" ? params.min_rows_per_leaf : null;
  return tableNotes({ table, target, minRows });
}

/** The mean of the target, or the share of each class. */
export function naiveOf(target: Table["target"] | Target): Naive {
  if (target.task === "regression") {
    return { mean: target.values.reduce((sum, value) => sum + value, 0) / target.values.length };
  }
  const counts = new Array<number>(target.classes.length).fill(0);
  for (const code of target.codes) counts[code] = (counts[code] ?? 0) + 1;
  return { frequencies: counts.map((count) => count / target.codes.length) };
}

function foreseenFit({ clock, log }: Workspace, { trainer }: PreparedData, step: Step): Step {
  return trainer.shorter === undefined ? step : foreseen(step, { clock, log, shorter: trainer.shorter });
}

/** Lets a trainer report its progress inside the step that runs it. */
function nestedLog(log: Log, outer: Step): Log {
  return { ...log, step: (_title, work) => work(outer) };
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} kB`;
}

function lastPoint({ facts }: TrainResult): string {
  const curve = facts.curves[0];
  const value = curve?.values.at(-1);
  return curve && value !== undefined ? `  ${curve.metric} ${value.toPrecision(4)}` : "";
}

/** Where the program of a model is, for trainers that run one; nothing for the others. */
export async function programSource(
  { root, env: given, trust }: Pick<Workspace, "root" | "env" | "trust">,
  { config, file, files }: LoadedModel,
): Promise<{ source?: ProgramSource }> {
  if (!files) return {};
  const name = dirname(file);
  const env = await apartWhereItSigns(given, trust);
  return { source: { folder: join(root, name), name, files, target: config.features.target, env } };
}
