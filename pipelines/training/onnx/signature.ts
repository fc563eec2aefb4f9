import type { InferenceSession } from "onnxruntime-node";
import type { FeatureSpec } from "../../data/table.ts";

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
