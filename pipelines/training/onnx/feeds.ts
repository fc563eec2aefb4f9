import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { CategoryColumn, FeatureColumn, FeatureSpec } from "../../data/table.ts";
import { type Problem, UserError } from "../../errors/expected-error.ts";
import { codesInput, levelsInput } from "./text-levels.ts";

type Runtime = typeof import("onnxruntime-node");
export type Feeds = Record<string, Tensor>;

/** The columns a model needs, in the signature's order. Throws UserError that names every column that is missing or of another kind. */
export function orderedColumns(
  columns: readonly FeatureColumn[],
  features: readonly FeatureSpec[],
): readonly FeatureColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const problems = features.flatMap((feature) => problemsWith(byName.get(feature.name), feature, columns));
  if (problems.length > 0) throw new UserError(problems);
  return features.map((feature) => byName.get(feature.name)!);
}

function problemsWith(
  column: FeatureColumn | undefined,
  feature: FeatureSpec,
  all: readonly FeatureColumn[],
): Problem[] {
  const name = JSON.stringify(feature.name);
  if (!column) {
    const found = all.map((each) => JSON.stringify(each.name)).join(", ") || "none";
    return [{ message: `The model needs the column ${name}, which is missing.`, hint: `The columns are: ${found}.` }];
  }
  if ((column.kind === "category") !== (feature.kind === "category")) {
    const message = `The model needs ${name} as a ${feature.kind}, but the column is a ${column.kind}.`;
    return [{ message, hint: "Cast the column in the feature query, or in the rows you send." }];
  }
  return column.kind === "category" ? nullCharacters(column) : [];
}

// ONNX Runtime takes texts as C strings and would cut them there without a word.
function nullCharacters({ name, levels }: CategoryColumn): Problem[] {
  const bad = levels.find((level) => level.includes("\0"));
  if (bad === undefined) return [];
  const message = `The column ${JSON.stringify(name)} has a text with a null character, ${JSON.stringify(bad)}.`;
  return [{ message, hint: "Remove it in the feature query: replace(…, chr(0), '')." }];
}

/** Makes the feeds of a batch of rows. Number columns are passed without a copy; the arrays for texts are used again by each batch. */
export function feedsOf(
  runtime: Runtime,
  columns: readonly FeatureColumn[],
  batchRows: number,
): (start: number, count: number) => Feeds {
  const buffers = new Map<FeatureColumn, string[]>();
  for (const column of columns) {
    if (column.kind === "category") buffers.set(column, new Array<string>(batchRows).fill(""));
  }
  return (start, count) => {
    const feeds: [string, Tensor][] = columns.map((column) => {
      const dims = [count, 1];
      if (column.kind === "category") {
        return [column.name, new runtime.Tensor("string", texts(column, start, count, buffers.get(column)!), dims)];
      }
      return [column.name, new runtime.Tensor("float32", column.values.subarray(start, start + count), dims)];
    });
    return Object.fromEntries(feeds);
  };
}

function texts(column: CategoryColumn, start: number, count: number, buffer: string[]): string[] {
  const { codes, levels } = column;
  for (let i = 0; i < count; i++) buffer[i] = levels[codes[start + i]!] ?? "";
  return count === buffer.length ? buffer : buffer.slice(0, count);
}

/** Feeds of a model that takes levels and codes; a level more is the empty text of a missing category. */
export function levelFeedsOf(
  runtime: Runtime,
  columns: readonly FeatureColumn[],
  batchRows: number,
): (start: number, count: number) => Feeds {
  return (start, count) => {
    const feeds: Feeds = {};
    for (const column of columns) {
      const { name } = column;
      if (column.kind === "category") {
        const isWhole = start === 0 && count === column.codes.length;
        const { codes, levels } =
          isWhole || column.levels.length < batchRows ? slice(column, start, count) : own(column, start, count);
        feeds[levelsInput(name)] = new runtime.Tensor("string", [...levels, ""], [levels.length + 1]);
        feeds[codesInput(name)] = new runtime.Tensor("int32", codes, [count, 1]);
      } else feeds[name] = new runtime.Tensor("float32", column.values.subarray(start, start + count), [count, 1]);
    }
    return feeds;
  };
}

type Levels = Pick<CategoryColumn, "codes" | "levels">;

/** A missing category, −1, is the last level: ONNX counts from the end then. */
function slice({ codes, levels }: CategoryColumn, start: number, count: number): Levels {
  return { codes: codes.subarray(start, start + count), levels };
}

/** The levels that these rows have, where all rows have more than that. */
function own({ codes, levels }: CategoryColumn, start: number, count: number): Levels {
  const places = new Map<number, number>();
  const ownCodes = codes.slice(start, start + count).map((code) => {
    if (code < 0) return code;
    const place = places.get(code) ?? places.size;
    places.set(code, place);
    return place;
  });
  return { codes: ownCodes, levels: [...places.keys()].map((code) => levels[code]!) };
}

type Metadata = InferenceSession.ValueMetadata;

/** The output whose values are the scores: `width` numbers a row. */
export interface OutputSpec {
  name: "prediction" | "probabilities";
  width: number;
}

/** A model without classes is a regression. */
export function outputSpec(classes: readonly string[]): OutputSpec {
  return classes.length === 0 ? { name: "prediction", width: 1 } : { name: "probabilities", width: classes.length };
}

/** Throws Error unless the model has exactly one input per feature, [N, 1], named like it and of its type. */
export function checkInputs(inputs: readonly Metadata[], features: readonly FeatureSpec[]): void {
  const wrong = features.flatMap((feature) => {
    const input = inputs.find((each) => each.name === feature.name);
    const wanted = feature.kind === "category" ? "string" : "float32";
    if (!input) return [`there is no input ${JSON.stringify(feature.name)}`];
    return fits(input, wanted, 1) ? [] : [`${describe(input)} is not ${wanted} [N, 1]`];
  });
  const names = new Set(features.map((feature) => feature.name));
  const extra = inputs.filter((input) => !names.has(input.name)).map((input) => `no feature feeds ${describe(input)}`);
  fail([...wrong, ...extra], "inputs", "features");
}

/** Throws Error unless the model has the output of its task: float32, `prediction` [N, 1] or `probabilities` [N, k]. */
export function checkOutputs(outputs: readonly Metadata[], spec: OutputSpec): void {
  const output = outputs.find((each) => each.name === spec.name);
  const wanted = `float32 [N, ${spec.width}]`;
  if (!output) fail([`there is no output \`${spec.name}\` (${outputs.map(describe).join(", ")})`], "outputs", "task");
  else if (!fits(output, "float32", spec.width)) fail([`${describe(output)} is not ${wanted}`], "outputs", "task");
}

// A dimension that the file leaves open is accepted here and checked when it is known.
function fits(value: Metadata, type: string, width: number): boolean {
  if (!value.isTensor || value.type !== type) return false;
  const last = value.shape[1];
  return value.shape.length === 2
    ? typeof last !== "number" || last === width
    : width === 1 && value.shape.length === 1;
}

function describe(value: Metadata): string {
  return value.isTensor ? `${value.name}: ${value.type} [${value.shape.join(", ")}]` : `${value.name}: not a tensor`;
}

function fail(problems: readonly string[], what: string, whose: string): void {
  if (problems.length > 0) throw new Error(`The model's ${what} do not match its ${whose}: ${problems.join("; ")}.`);
}
