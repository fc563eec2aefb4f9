import type { Task } from "../../config/model-config.ts";
import type { Table } from "../../data/table.ts";

/** A tensor of the model that the program is to write; "N" is the number of rows. */
export interface TensorSpec {
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

export interface ColumnsFile {
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
