/** A number's values as they came, before the model's float32: NaN is a missing one. Booleans are 0 and 1. */
interface NumberCells {
  kind: "number" | "boolean";
  values: Float64Array;
}

/** Texts by the places that they have in a list of the different ones; −1 is a missing one. */
export interface CodedTexts {
  codes: Int32Array;
  levels: readonly string[];
}

/** Texts of a category: the few that there are come first in whatever is done with the rows. */
interface CategoryCells extends CodedTexts {
  kind: "category";
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
