import { oneLine } from "../../errors/inert-markdown.ts";
import { displayWidth } from "../../errors/visible-text.ts";

/** One column of a plain table. `right` is for numbers. */
export interface TableColumn {
  header: string;
  align?: "left" | "right";
}

const GAP = "  ";

/**
 * Rows of cells as aligned plain text for a terminal, a header line first. Widths are those on the screen; control
 * characters are replaced, because a cell may hold what somebody else wrote. No line ends in spaces, and no cell is longer
 * than `longest` characters.
 */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  longest = 200,
): string {
  const lines = [columns.map((column) => column.header), ...rows].map((row) =>
    row.map((cell) => oneLine(cell, longest)),
  );
  const widths = columns.map((_, at) => lines.reduce((width, cells) => Math.max(width, textWidth(cells[at] ?? "")), 0));
  return lines
    .map((cells) =>
      columns
        .map((column, at) => pad(cells[at] ?? "", widths[at]!, column.align))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

function pad(cell: string, width: number, align: TableColumn["align"]): string {
  const space = " ".repeat(Math.max(0, width - textWidth(cell)));
  return align === "right" ? space + cell : cell + space;
}

function textWidth(text: string): number {
  return [...text].reduce((width, character) => width + displayWidth(character), 0);
}
