import { quoteText } from "../../data/engines/tables.ts";

/** Options of `read_csv` that differ from what the engine would take by itself; what is undefined is left to it. */
export interface CsvOptions {
  delim?: string;
  encoding?: string;
  comment?: string;
  header?: boolean;
  decimal_separator?: string;
  thousands?: string;
  nullstr?: readonly string[];
  dateformat?: string;
  timestampformat?: string;
  types?: Readonly<Record<string, string>>;
  all_varchar?: boolean;
}

/** The options as arguments, each beginning with a comma. */
export function csvArguments(options: CsvOptions): string {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return entries.map(([name, value]) => `, ${name} = ${literal(value)}`).join("");
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
    return `{${members.join(", ")}}`;
  }
  return typeof value === "string" ? quoteText(value) : String(value);
}
