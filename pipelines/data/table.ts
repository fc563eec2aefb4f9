/** Float32 because that is what the ONNX graph gets: the trainer sees what serving will see. NaN is a missing value; booleans are 0 and 1. */
export interface NumberColumn {
  name: string;
  kind: "number" | "boolean";
  values: Float32Array;
}

/** Dictionary encoded. `levels` are sorted by code point; a null is the empty string, as in serving. */
export interface CategoryColumn {
  name: string;
  kind: "category";
  codes: Int32Array;
  levels: readonly string[];
}

export type FeatureColumn = NumberColumn | CategoryColumn;
type FeatureKind = FeatureColumn["kind"];

/** Name and kind of a model input, in the order of the query. The model's signature. */
export interface FeatureSpec {
  name: string;
  kind: FeatureKind;
}

/** What the trainer is to predict. Regression targets are finite. Classes are sorted by code point (numbers in numeric order). */
export type Target =
  | { task: "regression"; values: Float64Array }
  | { task: "classification"; codes: Int32Array; classes: readonly string[] };

/** The columns of one split in memory, rows in the dataset's canonical order (by row hash). */
export interface Table {
  rows: number;
  features: readonly FeatureColumn[];
  target: Target;
}
