import type { InferenceSession } from "onnxruntime-node";
import type { FeatureColumn, FeatureSpec } from "../../data/table.ts";
import type { Predictions } from "../trainer.ts";
import {
  checkInputs,
  checkOutputs,
  type Feeds,
  feedsOf,
  levelFeedsOf,
  type OutputSpec,
  orderedColumns,
  outputSpec,
} from "./feeds.ts";
import { notSelfContained } from "./self-contained.ts";
import { codesInput, levelsInput, withTextLevels } from "./text-levels.ts";

type Runtime = typeof import("onnxruntime-node");

/** What a caller of the model relies on: its inputs, and its classes (none for regression). */
export interface ModelSignature {
  features: readonly FeatureSpec[];
  classes: readonly string[];
}

/** A model loaded in ONNX Runtime: the one that serving runs. Close it to free its native memory. */
export interface ScoringModel {
  /** Columns are matched by name and may be in any order; others are ignored. Throws UserError for a missing or wrong-kind column. */
  predict(features: readonly FeatureColumn[]): Promise<Predictions>;
  close(): Promise<void>;
}

// Large enough to amortise a call, small enough for intermediate results to stay in the cache: 16,384 took 15% longer.
const BATCH_ROWS = 4096;

/**
 * Loads a model and checks its inputs and outputs against the signature. Throws Error (with cause) for bytes that are no such
 * model, or not all of it: weights in another file would be read from wherever the process happens to run.
 */
export async function openModel(bytes: Uint8Array, signature: ModelSignature): Promise<ScoringModel> {
  refuseParts(bytes);
  const runtime = await loadRuntime();
  const session = await createSession(runtime, bytes);
  return opened(session, signature, (columns, rows) => feedsOf(runtime, columns, rows));
}

/** Models beyond this are not taken apart: their texts are a small part of the work, and a second copy is not. */
export const mostRewritten = 64 * 2 ** 20;

/**
 * `openModel` for rows of which each category comes with few levels, as those of a request do: they cross into ONNX Runtime once
 * instead of row by row. What it says of a row is the same, bit by bit.
 */
export async function openLevelModel(bytes: Uint8Array, signature: ModelSignature): Promise<ScoringModel> {
  refuseParts(bytes);
  const runtime = await loadRuntime();
  const names = signature.features.filter(({ kind }) => kind === "category").map(({ name }) => name);
  const leveled = bytes.byteLength > mostRewritten ? null : withTextLevels(bytes, names);
  // A graph that cannot be taken apart so is used as it is.
  const session = leveled === null ? null : await createSession(runtime, leveled).catch(() => null);
  if (session === null) return openModel(bytes, signature);
  return opened(session, signature, (columns, rows) => levelFeedsOf(runtime, columns, rows), textInputs(names));
}

function refuseParts(bytes: Uint8Array): void {
  const outside = notSelfContained(bytes);
  if (outside) throw new Error(`The model (${bytes.byteLength} bytes) cannot be used: ${outside}.`);
}

type MakeFeeds = (columns: readonly FeatureColumn[], batchRows: number) => (start: number, count: number) => Feeds;
type Declared = readonly InferenceSession.ValueMetadata[];

async function opened(
  session: InferenceSession,
  signature: ModelSignature,
  feeds: MakeFeeds,
  declared: (inputs: Declared) => Declared = (inputs) => inputs,
): Promise<ScoringModel> {
  try {
    checkInputs(declared(session.inputMetadata), signature.features);
    checkOutputs(session.outputMetadata, outputSpec(signature.classes));
  } catch (error) {
    await session.release();
    throw error;
  }
  return {
    predict: (features) => predict(session, signature, features, feeds),
    close: () => session.release(),
  };
}

/** Inputs as the file declares them, which has one text input where the session has levels and codes. */
function textInputs(names: readonly string[]): (inputs: Declared) => Declared {
  const codes = new Map(names.map((name) => [codesInput(name), name]));
  const levels = new Set(names.map(levelsInput));
  return (inputs) =>
    inputs
      .filter(({ name }) => !levels.has(name))
      .map((input) => {
        const name = codes.get(input.name);
        return name === undefined || !input.isTensor ? input : { ...input, name, type: "string" };
      });
}

/** A model in ONNX Runtime, whatever its inputs and outputs are. Throws Error for bytes that are none; release it. */
export async function openOnnxSession(bytes: Uint8Array): Promise<InferenceSession> {
  return createSession(await loadRuntime(), bytes);
}

/** ONNX Runtime, loaded when it is first needed. */
export async function loadRuntime(): Promise<Runtime> {
  const module = await import("onnxruntime-node");
  // Its warnings (no GPU, unused initializers) are noise to our users; failures are thrown anyway.
  module.env.logLevel = "fatal";
  return module;
}

async function createSession(runtime: Runtime, bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(bytes, {
      // One thread: the order of summation, and with it every metric, is the same whatever the number of cores.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      logSeverityLevel: 4,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`ONNX Runtime cannot load the model (${bytes.byteLength} bytes): ${reason}`, { cause });
  }
}

async function predict(
  session: InferenceSession,
  signature: ModelSignature,
  features: readonly FeatureColumn[],
  makeFeeds: MakeFeeds,
): Promise<Predictions> {
  const columns = orderedColumns(features, signature.features);
  const rows = rowCount(columns);
  return runBatches(session, signature, rows, makeFeeds(columns, Math.min(rows, BATCH_ROWS)));
}

/** What a model says of rows that `feeds` gives, some at a time. */
export async function runBatches(
  session: InferenceSession,
  { classes }: Pick<ModelSignature, "classes">,
  rows: number,
  feeds: (start: number, count: number) => Feeds,
): Promise<Predictions> {
  const output = outputSpec(classes);
  const values = new Float32Array(rows * output.width);
  for (let start = 0; start < rows; start += BATCH_ROWS) {
    const count = Math.min(BATCH_ROWS, rows - start);
    const result = await session.run(feeds(start, count), [output.name]);
    values.set(scores(result[output.name]?.data, count, output), start * output.width);
  }
  return { rows, classes, values };
}

export function rowCount(columns: readonly FeatureColumn[]): number {
  const lengths = columns.map((column) => (column.kind === "category" ? column.codes : column.values).length);
  if (new Set(lengths).size > 1) throw new Error(`The feature columns have different lengths: ${lengths.join(", ")}.`);
  return lengths[0] ?? 0;
}

function scores(data: unknown, rows: number, output: OutputSpec): Float32Array {
  if (!(data instanceof Float32Array) || data.length !== rows * output.width) {
    const found = data instanceof Float32Array ? `${data.length} values` : "no float32 values";
    throw new Error(`The model's output \`${output.name}\` has ${found} for ${rows} rows, not ${rows * output.width}.`);
  }
  return data;
}
