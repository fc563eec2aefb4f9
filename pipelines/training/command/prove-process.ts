import type { InferenceSession } from "onnxruntime-node";
import type { FeatureColumn } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import { feedsOf } from "../onnx/feeds.ts";
import type { Parity } from "../onnx/parity.ts";
import { rowAt } from "../onnx/probe.ts";
import { notSelfContained } from "../onnx/self-contained.ts";
import { checkContract, type OnnxSpec, onnxSpec } from "./contract.ts";
import type { ProofReply, ProofRequest, ProofRows } from "./prove-apart.ts";

const mostBatchRows = 4096;
/** Sums in another order differ by the last digits of float32. */
const repeatTolerance = 1e-4;
/** How far float32 sums of probabilities may be from 1. */
const sumTolerance = 1e-3;

process.on("message", ({ onnx, rows }: ProofRequest) => {
  proveModel(onnx, rows).then(
    (parity) => reply({ parity }),
    (error: unknown) => reply(failure(error)),
  );
});

function failure(error: unknown): ProofReply {
  if (error instanceof UserError) return { problems: error.problems };
  return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function reply(message: ProofReply): void {
  process.send?.(message, () => process.exit());
}

// Nobody waits any more. An ordinary exit would wait for a graph that has no end.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

type Runtime = typeof import("onnxruntime-node");

/** What a model gives for some rows. */
interface Scores {
  /** [rows, width], row by row. */
  values: Float32Array;
  /** Empty for a regression. */
  labels: readonly string[];
}

/**
 * Proves what can be proved of a model that only ONNX Runtime can score: its inputs and outputs are those asked for; on real
 * rows and on rows with missing and unseen values it gives finite numbers, probabilities that sum to 1 and the labels that go
 * with them; and a row scores the same a second time and among other rows. Throws UserError with what was expected and found.
 */
async function proveModel(onnx: Uint8Array, { features, given, task, classes }: ProofRows): Promise<Parity> {
  const runtime = await import("onnxruntime-node");
  runtime.env.logLevel = "fatal";
  const spec = onnxSpec({ features, task, classes });
  const rows = rowsOf(features);
  const session = await load(runtime, onnx);
  try {
    checkContract(session, spec);
    const first = await score(runtime, session, spec, { features, given, batch: mostBatchRows });
    checkScores(first, classes, features);
    const second = await score(runtime, session, spec, { features, given, batch: Math.ceil(rows / 7) });
    return { maxRelative: checkRepeatable(first.values, second.values, classes.length > 0), rows };
  } finally {
    await session.release();
  }
}

async function load(runtime: Runtime, onnx: Uint8Array): Promise<InferenceSession> {
  const size = `${onnx.byteLength.toLocaleString("en-US")} bytes`;
  const outside = notSelfContained(onnx);
  if (outside) {
    const hint = outside.includes("not an ONNX file")
      ? "write the bytes that onnx.save(model, 'model.onnx') writes"
      : "write one file: onnx.save(model, 'model.onnx', save_as_external_data=False)";
    throw new UserError({ message: `The program's model.onnx (${size}) cannot be used: ${outside}.`, hint });
  }
  try {
    // One thread: so is it scored by the gate.
    const sequential = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" } as const;
    return await runtime.InferenceSession.create(onnx, { ...sequential, logSeverityLevel: 4 });
  } catch (cause) {
    const hint = `write an ONNX file that ONNX Runtime ${runtime.env.versions.node ?? ""} loads; an older opset (such as 17) may help`;
    const message = `The program's model.onnx (${size}) does not load in ONNX Runtime: ${messageOf(cause)}`;
    throw new UserError({ message, hint }, { cause });
  }
}

async function score(
  runtime: Runtime,
  session: InferenceSession,
  { outputs }: OnnxSpec,
  { features, given, batch }: { features: readonly FeatureColumn[]; given: number; batch: number },
): Promise<Scores> {
  const rows = rowsOf(features);
  const numbers = outputs.at(-1)!;
  const width = numbers.shape[1];
  const scores = { values: new Float32Array(rows * width), labels: [] as string[] };
  const feeds = feedsOf(runtime, features, Math.min(rows, batch));
  const names = outputs.map(({ name }) => name);
  for (let start = 0; start < rows; start += batch) {
    const count = Math.min(batch, rows - start);
    const result = await run(session, feeds(start, count), names, start + count > given);
    scores.values.set(checked(result[numbers.name]?.data, count, width, numbers.name), start * width);
    if (outputs.length > 1) scores.labels.push(...labelsOf(result.label?.data, count));
  }
  return scores;
}

async function run(session: InferenceSession, feeds: InferenceSession.FeedsType, outputs: string[], odd: boolean) {
  try {
    return await session.run(feeds, outputs);
  } catch (cause) {
    throw failing(cause, odd);
  }
}

function failing(cause: unknown, odd: boolean): UserError {
  const reason = messageOf(cause);
  if (/allocate memory|bad_alloc/i.test(reason)) {
    const hint = "its graph makes tensors that are too large, mostly by a wrong shape; try it on some 4,000 rows";
    return new UserError({ message: `The program's model.onnx runs out of memory: ${reason}`, hint }, { cause });
  }
  if (!odd)
    return new UserError(
      { message: `The program's model.onnx fails on rows of the train split: ${reason}` },
      { cause },
    );
  const message = `The program's model.onnx fails on rows with missing numbers (NaN), missing categories (the empty text) and unseen ones: ${reason}`;
  const hint =
    "the graph handles these itself: impute numbers, and encode categories with handle_unknown='ignore' or 'use_encoded_value'";
  return new UserError({ message, hint }, { cause });
}

function checked(data: unknown, rows: number, width: number, name: string): Float32Array {
  if (data instanceof Float32Array && data.length === rows * width) return data;
  const found = data instanceof Float32Array ? `${data.length} numbers` : "no float32 numbers";
  throw new UserError({
    message: `The output ${name} of the program's model.onnx has ${found} for ${rows} rows; ${rows * width} were expected.`,
    hint: `its shape is [N, ${width}]`,
  });
}

function labelsOf(data: unknown, rows: number): readonly string[] {
  if (Array.isArray(data) && data.length === rows) return data as string[];
  throw new UserError({
    message: `The output label of the program's model.onnx has not one text for each of ${rows} rows.`,
    hint: "its shape is [N, 1] or [N]",
  });
}

function checkScores({ values, labels }: Scores, classes: readonly string[], features: readonly FeatureColumn[]): void {
  const width = Math.max(1, classes.length);
  const rows = values.length / width;
  for (let row = 0; row < rows; row++) {
    const scores = values.subarray(row * width, (row + 1) * width);
    const problem = scores.every(Number.isFinite)
      ? classes.length > 0 && (probabilityProblem(scores) ?? labelProblem(scores, labels[row], classes))
      : `it gives ${scores.join(", ")}, and predictions are finite numbers`;
    if (problem) throw badRow(problem, row, features);
  }
}

function probabilityProblem(scores: Float32Array): string | null {
  const sum = scores.reduce((total, each) => total + each, 0);
  const inside = scores.every((each) => each >= -sumTolerance && each <= 1 + sumTolerance);
  if (inside && Math.abs(sum - 1) <= sumTolerance) return null;
  return `its probabilities are ${[...scores].map((each) => each.toPrecision(4)).join(", ")}, and should sum to 1`;
}

/** Finds classes in another order: their probabilities would be taken for each other's. Close calls may go either way. */
function labelProblem(scores: Float32Array, label: string | undefined, classes: readonly string[]): string | null {
  const at = classes.indexOf(label ?? "");
  const names = `${classes.slice(0, 10).map(quoted).join(", ")}${classes.length > 10 ? ", …" : ""}`;
  if (at < 0) return `its label is ${quoted(label ?? "")}, and the classes are ${names}`;
  const top = scores.indexOf(Math.max(...scores));
  if (scores[top]! - scores[at]! <= sumTolerance) return null;
  return `its label is ${quoted(label!)}, but the highest probability is in column ${top}, of ${quoted(classes[top]!)}. The columns are in the order of columns.json: ${names}`;
}

function badRow(problem: string, row: number, features: readonly FeatureColumn[]): UserError {
  const cells = Object.entries(rowAt(features, row)).slice(0, 20);
  const shown = cells.map(([name, cell]) => `${quoted(name)}: ${typeof cell === "number" ? cell : quoted(cell)}`);
  return new UserError({
    message: `The program's model.onnx is not sound: ${problem}. That is for the row { ${shown.join(", ")}${features.length > 20 ? ", …" : ""} }.`,
    hint: "NaN is a missing number and the empty text a missing category: the graph itself must impute and encode",
  });
}

/** The largest difference between two passes, relative to the value and their typical size; for probabilities absolute. */
function checkRepeatable(first: Float32Array, second: Float32Array, probabilities: boolean): number {
  const typical = first.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, first.length);
  let largest = 0;
  for (const [at, value] of first.entries()) {
    const other = second[at]!;
    if (value === other) continue;
    const relative = Math.abs(value - other) / (probabilities ? 1 : Math.max(Math.abs(value), typical));
    if (!(relative <= repeatTolerance)) throw undecided(value, other);
    largest = Math.max(largest, relative);
  }
  return largest;
}

function undecided(first: number, second: number): UserError {
  return new UserError({
    message: `The program's model.onnx gives ${first} for a row, and ${second} for the same row among others.`,
    hint: "a prediction may depend on its row alone. Dropout and batch statistics do otherwise: export for inference (model.eval() in PyTorch)",
  });
}

function rowsOf([first]: readonly FeatureColumn[]): number {
  if (!first) return 0;
  return (first.kind === "category" ? first.codes : first.values).length;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
