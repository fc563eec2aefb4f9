import type { FeatureColumn, Table } from "../../data/table.ts";
import { probeRows } from "../onnx/probe.ts";

/** Rows on which a model is proved, and what it is to predict; plain data, because it goes to another process. */
export interface ProofRows {
  features: readonly FeatureColumn[];
  /** So many of the rows are real, those before the others. */
  given: number;
  task: Table["target"]["task"];
  /** Empty for a regression. */
  classes: readonly string[];
}

/** Some rows of a table, and such as training may never have shown. */
export function proofRows({ features, target }: Pick<Table, "features" | "target">): ProofRows {
  const { given, ...probe } = probeRows(features);
  const classes = target.task === "classification" ? target.classes : [];
  return { features: probe.features.map(withoutInfinity), given, task: target.task, classes };
}

/** Linear models rightly answer an infinite number with an infinite one; nothing is asked of a program there. */
function withoutInfinity(column: FeatureColumn): FeatureColumn {
  if (column.kind === "category") return column;
  return { ...column, values: column.values.map((value) => (Number.isFinite(value) ? value : Number.NaN)) };
}
