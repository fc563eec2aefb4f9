import { detailsBlock } from "./fence.ts";

/** A chart with its numbers folded below it, which say the same; the table alone where there is no chart. */
export function chartWithTable(chart: string | null, table: string): string {
  if (chart === null || table === "") return chart ?? table;
  return `${chart}\n\n${detailsBlock("The same as a table", table)}`;
}
