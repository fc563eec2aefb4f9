import { markdownTable } from "markdown-table";

/** One column of a Markdown table: its header (Markdown), alignment, and the cell (Markdown, on one line) of a row. */
export interface Column<Row> {
  header: string;
  align?: "left" | "right";
  cell: (row: Row) => string;
  /** Keeps the column although all its cells are empty. */
  keep?: boolean;
}

/** A GitHub table of the rows, without the columns that are empty for every row, so that nobody looks for what isn't there. */
export function columnTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const filled = columns
    .map((column) => ({ column, cells: rows.map(column.cell) }))
    .filter(({ column, cells }) => column.keep || cells.some((cell) => cell !== ""));
  const lines = [
    filled.map(({ column }) => column.header),
    ...rows.map((_, at) => filled.map(({ cells }) => cells[at]!)),
  ];
  const align = filled.map(({ column }) => (column.align === "right" ? "r" : ""));
  return markdownTable(lines, { align, alignDelimiters: false });
}
