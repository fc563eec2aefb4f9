import { readFileSync } from "node:fs";
import type { FeatureColumn, FeatureSpec } from "../data/table.ts";
import { modelFile } from "./stored-model.ts";
import type { WantedSigner } from "./trust/trust-policy.ts";
import type { CandidateRecord } from "./version-record.ts";

/** A few rows as a caller would send them: numbers, texts, null for a missing value. */
export interface InputExample {
  columns: string[];
  rows: (number | string | null)[][];
}

/** The first `count` rows of the feature columns. */
export function inputExample(features: readonly FeatureColumn[], count: number): InputExample {
  const rows = Math.min(
    count,
    ...features.map((column) => (column.kind === "category" ? column.codes : column.values).length),
  );
  return {
    columns: features.map((column) => column.name),
    rows: Array.from({ length: rows }, (_, row) => features.map((column) => valueAt(column, row))),
  };
}

function valueAt(column: FeatureColumn, row: number): number | string | null {
  if (column.kind === "category") return column.levels[column.codes[row] ?? -1] || null;
  const value = column.values[row];
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** The versions with which the folder was loaded by the real MLflow. */
const tested = { python: "3.11.7", mlflow: "3.17.2", onnx: "1.23.2", onnxruntime: "1.31.1" };

/** The Python module in the folder that MLflow loads the model with. */
const loader = "mergeml_model";

export interface MlflowSource {
  candidate: CandidateRecord;
  example: InputExample | null;
  version: number;
  verdict: string;
  /** Who must sign the version, for the loader to ask for; null where nobody must. */
  signers?: readonly WantedSigner[] | null;
}

/** The files that make a version's folder one that `mlflow.pyfunc.load_model` loads, beside model.onnx. */
export function mlflowFiles(source: MlflowSource): Record<string, string> {
  const { example } = source;
  const requirements = [`mlflow==${tested.mlflow}`, `onnx==${tested.onnx}`, `onnxruntime==${tested.onnxruntime}`];
  const files: Record<string, string> = {
    MLmodel: mlmodel(source),
    ...loaderFiles(source.signers ?? null),
    "requirements.txt": `${requirements.join("\n")}\n`,
    "python_env.yaml": `python: ${tested.python}\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n`,
    "conda.yaml": condaEnvironment(requirements),
  };
  if (!example) return files;
  const split = { columns: example.columns, data: example.rows };
  return {
    ...files,
    "input_example.json": jsonLine(split),
    "serving_input_example.json": jsonLine({ dataframe_split: split }),
  };
}

/** The loader; where somebody must have signed, one that asks first who did. */
function loaderFiles(signers: readonly WantedSigner[] | null): Record<string, string> {
  const plain = readFileSync(new URL("./mlflow/mergeml_model.py", import.meta.url), "utf8");
  if (signers === null) return { [`${loader}.py`]: plain };
  const asking = `

import mergeml_trust  # noqa: E402

_load_unasked = _load_pyfunc


def _load_pyfunc(path):
    mergeml_trust.require_signed(os.path.dirname(path))
    return _load_unasked(path)
`;
  const listed = signers.map((signer) => {
    if (signer.kind === "workflow") return { workflow: signer.workflow, issuer: signer.issuer };
    if (signer.kind === "identity") return { identity: signer.identity, issuer: signer.issuer };
    return { key: signer.key.export({ format: "pem", type: "spki" }).toString(), name: signer.name };
  });
  return {
    [`${loader}.py`]: `${plain}${asking}`,
    "mergeml_trust.py": readFileSync(new URL("./mlflow/mergeml_trust.py", import.meta.url), "utf8"),
    "trust.json": `${JSON.stringify({ signers: listed }, null, 2)}\n`,
  };
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function condaEnvironment(requirements: readonly string[]): string {
  const pip = requirements.map((each) => `  - ${each}\n`).join("");
  return `name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python=${tested.python}\n- pip\n- pip:\n${pip}`;
}

/** YAML whose scalars are JSON texts, which are YAML too, so that no column name can break out of its place. */
function mlmodel({ candidate, example, version, verdict }: MlflowSource): string {
  const text = JSON.stringify;
  const { config, features, created, model, commit } = candidate;
  const lines = [
    "flavors:",
    "  onnx:",
    `    onnx_version: ${tested.onnx}`,
    `    data: ${modelFile}`,
    "    providers:",
    "    - CPUExecutionProvider",
    "    onnx_session_options: null",
    "    code: null",
    "  python_function:",
    `    loader_module: ${loader}`,
    "    code: .",
    `    data: ${modelFile}`,
    `    python_version: ${tested.python}`,
    "    env:",
    "      conda: conda.yaml",
    "      virtualenv: python_env.yaml",
    `mlflow_version: ${tested.mlflow}`,
    `model_uuid: ${candidate.id.replace(/^c-/, "").slice(0, 32)}`,
    `model_size_bytes: ${model.size}`,
    `utc_time_created: ${text(created.replace("T", " ").replace(/(\.\d+)?Z$/, ".000000"))}`,
    "metadata:",
    `  model: ${text(config.name)}`,
    `  version: ${version}`,
    `  candidate: ${text(candidate.id)}`,
    `  commit: ${text(commit)}`,
    `  verdict: ${text(verdict)}`,
    "signature:",
    `  inputs: ${text(text(features.map(inputColumn)))}`,
    `  outputs: ${text(text(outputColumns(config.task)))}`,
    "  params: null",
  ];
  if (example) {
    lines.push(
      "saved_input_example_info:",
      "  artifact_path: input_example.json",
      "  type: dataframe",
      "  pandas_orient: split",
      "  serving_input_path: serving_input_example.json",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** `double` also for integers and booleans: they may be missing, and MLflow then has floats. */
function inputColumn({ name, kind }: FeatureSpec) {
  return { type: kind === "category" ? "string" : "double", name, required: true };
}

function outputColumns(task: "regression" | "classification") {
  if (task === "regression") return [{ type: "float", name: "prediction", required: true }];
  const probabilities = { type: "array", items: { type: "float" }, name: "probabilities", required: true };
  return [{ type: "string", name: "label", required: true }, probabilities];
}
