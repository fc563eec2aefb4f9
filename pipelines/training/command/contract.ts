import type { InferenceSession } from "onnxruntime-node";
import type { Task } from "../../config/model-config.ts";
import type { Table } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";

type Metadata = InferenceSession.ValueMetadata;

/** Throws UserError that sets what the model has beside what it must have, and shows how a converter is told. */
export function checkContract(
  { inputMetadata, outputMetadata }: Pick<InferenceSession, "inputMetadata" | "outputMetadata">,
  spec: OnnxSpec,
): void {
  const problems = [
    ...inputProblems(inputMetadata, spec.inputs),
    ...spec.outputs.flatMap((wanted) => outputProblems(outputMetadata, wanted)),
  ];
  if (problems.length === 0) return;
  throw new UserError({
    message: `The program's model.onnx is not what was asked for: ${list(problems)}.`,
    hint: `${adviceFor(inputMetadata, spec)}columns.json says under \`onnx\` what is expected: inputs ${all(spec.inputs)}; outputs ${all(spec.outputs)}`,
  });
}

function inputProblems(found: readonly Metadata[], wanted: readonly TensorSpec[]): string[] {
  const wrong = wanted.flatMap((each) => {
    const input = found.find(({ name }) => name === each.name);
    if (!input) return [`there is no input ${quoted(each.name)}`];
    return fits(input, each) ? [] : [`the input ${describe(input)} is not ${typeOf(each)}`];
  });
  const names = new Set(wanted.map(({ name }) => name));
  const extra = found.filter(({ name }) => !names.has(name));
  return [...wrong, ...extra.map((input) => `no feature feeds the input ${describe(input)}`)];
}

function outputProblems(found: readonly Metadata[], wanted: TensorSpec): string[] {
  const output = found.find(({ name }) => name === wanted.name);
  if (!output) return [`there is no output ${quoted(wanted.name)} (there is ${found.map(describe).join(", ")})`];
  return fits(output, wanted) ? [] : [`the output ${describe(output)} is not ${typeOf(wanted)}`];
}

/** A dimension that the file leaves open fits, and so does [N] for [N, 1], which is what many converters give for labels. */
function fits(found: Metadata, { type, shape: [, width] }: TensorSpec): boolean {
  if (!found.isTensor || found.type !== type) return false;
  const last = found.shape[1];
  if (found.shape.length === 1) return width === 1;
  return found.shape.length === 2 && (typeof last !== "number" || last === width);
}

/** The commonest mistake: all features as the columns of one matrix. */
function adviceFor(inputs: readonly Metadata[], { inputs: wanted, outputs }: OnnxSpec): string {
  if (inputs.length === 1 && wanted.length > 1) {
    const examples = wanted.slice(0, 2).map(({ name, type }) => {
      const kind = type === "string" ? "StringTensorType" : "FloatTensorType";
      return `(${quoted(name)}, ${kind}([None, 1]))`;
    });
    return `Each feature is an input of its own, so that serving can send rows by name; with skl2onnx: initial_types=[${examples.join(", ")}, …]. The models in models/examples show it whole. `;
  }
  if (outputs.length > 1) return "With skl2onnx, zipmap=False gives a plain table of probabilities. ";
  return "";
}

const mostProblems = 8;

function list(problems: readonly string[]): string {
  const more = problems.length - mostProblems;
  return problems.slice(0, mostProblems).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function all(specs: readonly TensorSpec[]): string {
  const shown = specs.slice(0, 10).map((each) => `${quoted(each.name)} ${typeOf(each)}`);
  return shown.join(", ") + (specs.length > 10 ? ", …" : "");
}

function typeOf({ type, shape }: TensorSpec): string {
  return `${type} [${shape.join(", ")}]`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function describe(value: Metadata): string {
  const type = value.isTensor ? `${value.type} [${value.shape.join(", ")}]` : "which is not a tensor";
  return `${quoted(value.name)} ${type}`;
}

/** A tensor of the model that the program is to write; "N" is the number of rows. */
interface TensorSpec {
  name: string;
  type: "float32" | "string";
  shape: readonly ["N", number];
}

/** What model.onnx must look like. */
export interface OnnxSpec {
  file: "model.onnx";
  inputs: readonly TensorSpec[];
  outputs: readonly TensorSpec[];
}

/** What decides how a model looks from outside. */
interface Predicted {
  features: Table["features"];
  task: Task;
  /** Empty for a regression. */
  classes: readonly string[];
}

/** The inputs and outputs that serving and the gate rely on, from the features and classes of a table. */
export function onnxSpec({ features, task, classes }: Predicted): OnnxSpec {
  const inputs = features.map(({ name, kind }) => tensor(name, kind === "category" ? "string" : "float32", 1));
  const outputs =
    task === "regression"
      ? [tensor("prediction", "float32", 1)]
      : [tensor("label", "string", 1), tensor("probabilities", "float32", classes.length)];
  return { file: "model.onnx", inputs, outputs };
}

function tensor(name: string, type: TensorSpec["type"], width: number): TensorSpec {
  return { name, type, shape: ["N", width] };
}

interface ColumnsFile {
  format: 1;
  task: Task;
  seed: number;
  rows: number;
  /** The file with the rows, or with `data: staged` the address of Parquet. */
  data: string;
  target: { name: string; type: "double" | "string" };
  /** In the order of the columns of `probabilities`; empty for a regression. */
  classes: readonly string[];
  features: readonly { name: string; kind: string }[];
  onnx: OnnxSpec;
}

/** The content of columns.json. */
export function columnsFile(
  table: Table,
  about: { seed: number; data: string; rows: number; target: string },
): ColumnsFile {
  const { task } = table.target;
  const classes = table.target.task === "classification" ? table.target.classes : [];
  return {
    format: 1,
    task,
    seed: about.seed,
    rows: about.rows,
    data: about.data,
    target: { name: about.target, type: task === "regression" ? "double" : "string" },
    classes,
    features: table.features.map(({ name, kind }) => ({ name, kind })),
    onnx: onnxSpec({ features: table.features, task, classes }),
  };
}
