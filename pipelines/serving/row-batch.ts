/** A number's values as they came, before the model's float32: NaN is a missing one. Booleans are 0 and 1. */
interface NumberCells {
  kind: "number" | "boolean";
  values: Float64Array;
}

/** Texts of a category; null is a missing one. */
interface CategoryCells {
  kind: "category";
  values: readonly (string | null)[];
}

/** One feature of the rows of a request. */
export type RowColumn = (NumberCells | CategoryCells) & { name: string };

/** The rows of a request: one column a feature, in the order of the model's signature. Nothing may change them. */
export interface RowBatch {
  rows: number;
  columns: readonly RowColumn[];
  /** What identifies each row, as the prediction log writes it (`logKey`); null when the request names no whole key. */
  keys: readonly (string | null)[] | null;
}
