import type { QueryColumn } from "./infer-model.ts";
import { quotedName } from "./query-name.ts";
import type { TableColumn } from "./table/table.ts";

/** A date of the row, not one of the thing that it is about. */
const timeNames = /date|time|day|month|^(ts|at|when|year)$|_(at|on|ts)$/i;
const otherDates = /birth|dob|born|expir|due|valid|deadline|until|end/i;

/** The column that says when a row happened: of every row, and not the same in all; by name when there are several. */
export function findTime(columns: readonly TableColumn[], rows: number): TableColumn | null {
  const dates = columns.filter(
    ({ name, kind, missing, distinct }) =>
      (kind === "date" || kind === "timestamp") && missing === 0 && distinct > 1 && rows > 1 && !otherDates.test(name),
  );
  return dates.find(({ name }) => timeNames.test(name)) ?? dates[0] ?? null;
}

/** What a table of dates and one value gives to learn from. */
export function calendarFeatures({ name, kind, sql }: TableColumn, target: string): QueryColumn[] {
  const time = sql ?? quotedName(name);
  const parts = ["month", "isodow", ...(kind === "timestamp" ? ["hour"] : [])];
  return parts
    .filter((part) => part !== target && part !== name)
    .map((part) => ({ name: part, sql: `${part}(${time})` }));
}
