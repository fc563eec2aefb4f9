import { countOf, formatCount } from "../../statistics/format-number.ts";
import type { CsvDialect } from "./csv-dialect.ts";
import type { CsvOptions } from "./csv-options.ts";
import type { TextPlan } from "./plan-texts.ts";

interface CsvReading {
  dialect: CsvDialect;
  options: CsvOptions;
  plans: readonly TextPlan[];
  /** Columns that the query converts by itself. */
  apart: readonly TextPlan[];
}

/** How a CSV file was read, in sentences for people; nothing of what is plain. */
export function describeReading({ dialect, options, plans, apart }: CsvReading): string[] {
  const { decimal_separator, thousands, encoding, dateformat, timestampformat } = options;
  const dates = dateformat ?? timestampformat;
  return [
    ...(dialect.header ? [] : ["it has no header: its columns are called column0, column1 …"]),
    ...(encoding === undefined ? [] : [`its text is ${encoding}`]),
    ...(dialect.delimiter === "," ? [] : [`columns are separated by ${delimiterName(dialect.delimiter)}`]),
    ...(decimal_separator === "," ? ["numbers have a decimal comma"] : []),
    ...(thousands === undefined ? [] : [`"${thousands}" parts thousands`]),
    ...(dates === undefined ? [] : [`dates are written ${dates}`]),
    ...missingNotes(plans),
    ...apart.filter(({ kind }) => kind === "number").map(({ name }) => `${name} is made a number in the query`),
  ];
}

function delimiterName(delimiter: string): string {
  return delimiter === "\t" ? "tabs" : `"${delimiter}"`;
}

/** One sentence a word, and the columns it is in. */
export function missingNotes(plans: readonly Pick<TextPlan, "missing">[]): string[] {
  const words = new Map<string, { rows: number; columns: number }>();
  for (const { word, rows } of plans.flatMap(({ missing }) => missing)) {
    const sum = words.get(word) ?? { rows: 0, columns: 0 };
    words.set(word, { rows: sum.rows + rows, columns: sum.columns + 1 });
  }
  return [...words].map(
    ([word, { rows, columns }]) =>
      `${JSON.stringify(word)} is read as missing (${formatCount(rows)} ${rows === 1 ? "value" : "values"} in ${countOf(columns, "column")})`,
  );
}
