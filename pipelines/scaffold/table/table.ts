import type { SourceColumn } from "../../data/engines/session.ts";

/** A column as a feature query reads it, and what is in it. */
export interface TableColumn extends SourceColumn {
  /** SQL of its values; null when they are the column as the reader gives it. */
  sql: string | null;
  distinct: number;
  /** Rows without a value; NaN is none. */
  missing: number;
  infinite: number;
  /** Of numbers: the smallest and largest, and whether all are whole; null of others, and without values. */
  span: { min: number; max: number; whole: boolean } | null;
  /** Whole numbers that only rise, or only fall, from row to row. */
  sorted: boolean;
  /** The file gives it no name. */
  unnamed: boolean;
}

/** A data file as a careful person would read it. */
export interface DataTable {
  rows: number;
  columns: readonly TableColumn[];
  /** What stands behind FROM for a file of that name, such as `read_csv('x.csv', nullstr = ['NA'])`. */
  from(name: string): string;
  /** Sentences on how it was read, for people. */
  notes: readonly string[];
}
