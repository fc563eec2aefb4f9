import type { CategoryColumn, NumberColumn, Table } from "../../features/table.ts";
import { cutBins, distinctValues, encodeNumbers } from "./binning.ts";
import { orderCategories } from "./category-order.ts";

/** How a raw feature becomes the number that trees compare with their thresholds. Part of the model. */
export interface Encoding {
  /** Index of the feature in the table. */
  feature: number;
  /** The one score whose trees use it, or null for all: with several classes a category is ordered once for each. */
  output: number | null;
  /** Rank by category; null for a number, which is compared as it is. */
  categories: { levels: readonly string[]; ranks: Float32Array; unseen: number } | null;
  /** Upper bounds of the bins but the last. */
  cuts: Float32Array;
}

/** An encoding and every training row's bin code; the code of a missing value is the number of bins. */
export interface EncodedColumn extends Encoding {
  bins: number;
  /** Backed by a SharedArrayBuffer, so that threads see it without a copy. */
  codes: Uint8Array;
}

export interface EncodingRules {
  maxBins: number;
  smoothing: number;
  minRows: number;
}

/** Encodes all features; `orderBy` holds what categories are ordered by, one array of [rows] per score. */
export function encodeColumns(table: Table, orderBy: readonly Float64Array[], rules: EncodingRules): EncodedColumn[] {
  return table.features.flatMap((column, feature) => {
    if (column.kind !== "category") return [encodeNumber(column, feature, rules)];
    return orderBy.map((values, output) =>
      encodeCategory(column, feature, orderBy.length > 1 ? output : null, values, rules),
    );
  });
}

function encodeNumber(column: NumberColumn, feature: number, rules: EncodingRules): EncodedColumn {
  const bins = cutBins(distinctValues(column.values), rules.maxBins);
  const codes = new Uint8Array(new SharedArrayBuffer(column.values.length));
  encodeNumbers(column.values, bins, codes);
  return { feature, output: null, categories: null, cuts: bins.cuts, bins: bins.count, codes };
}

function encodeCategory(
  column: CategoryColumn,
  feature: number,
  output: number | null,
  values: Float64Array,
  rules: EncodingRules,
): EncodedColumn {
  const { ranks, counts, unseen } = orderCategories(column.codes, column.levels, values, rules);
  const distinct = { values: Float32Array.from(counts, (_, rank) => rank), counts };
  const bins = cutBins(distinct, rules.maxBins);
  const codeOfLevel = new Uint8Array(column.levels.length);
  encodeNumbers(ranks, bins, codeOfLevel);
  const codes = new Uint8Array(new SharedArrayBuffer(column.codes.length));
  for (let row = 0; row < codes.length; row++) codes[row] = codeOfLevel[column.codes[row]!]!;
  const categories = { levels: column.levels, ranks, unseen };
  return { feature, output, categories, cuts: bins.cuts, bins: bins.count, codes };
}
