import type { Session } from "./session.ts";

/** Why a function may not be called, and what to do instead. */
export interface Refusal {
  reason: string;
  hint: string;
}

const changing = "it gives another value on every run, and the same data must give the same dataset";
const clock: Refusal = { reason: changing, hint: "use $start and $end of features.window, or write the date out" };
const chance: Refusal = {
  reason: changing,
  hint: "to take part of the rows, use a hash of a column: WHERE md5_number_lower(id) % 10 = 0",
};
const machine: Refusal = {
  reason: "it reads the machine or the session, and the same data must give the same dataset everywhere",
  hint: "leave it out",
};
const approximate: Refusal = {
  reason: "its result depends on the order in which threads finish",
  hint: "use the exact function, e.g. quantile_cont, mode",
};

/** What `duckdb_functions()` calls consistent although it is not. */
const misjudged: Readonly<Record<string, Refusal>> = {
  current_localtime: clock,
  current_localtimestamp: clock,
  getenv: machine,
  getvariable: machine,
  current_setting: machine,
  version: machine,
  reservoir_quantile: approximate,
  approx_quantile: approximate,
  approx_top_k: approximate,
};

/** Words that are functions of the clock when no column has the name. */
export const clockWords: ReadonlySet<string> = new Set([
  "current_date",
  "current_time",
  "current_timestamp",
  "localtime",
  "localtimestamp",
]);

/** Table functions that make rows from their arguments alone. */
export const rowFunctions: ReadonlySet<string> = new Set([
  "range",
  "generate_series",
  "unnest",
  "repeat",
  "repeat_row",
  "json_each",
  "json_tree",
]);

/** Table functions that read the files named by their first argument. */
export const fileFunctions: ReadonlySet<string> = new Set([
  "read_csv",
  "read_csv_auto",
  "read_parquet",
  "parquet_scan",
  "read_json",
  "read_json_auto",
  "read_json_objects",
  "read_json_objects_auto",
  "read_ndjson",
  "read_ndjson_auto",
  "read_ndjson_objects",
  "read_ndjson_objects_auto",
]);

/** Every function whose value is not a function of its arguments, by the engine's own catalogue and our corrections. */
export async function refusedFunctions(session: Session): Promise<ReadonlyMap<string, Refusal>> {
  const rows = await session.rows(`
    SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()
    WHERE stability <> 'CONSISTENT'
       OR (function_type = 'macro' AND contains(macro_definition, 'current_timestamp'))`);
  const listed = rows.map(({ name }): [string, Refusal] => [String(name), refusalOf(String(name))]);
  return new Map([...listed, ...Object.entries(misjudged)]);
}

/** `age` of one timestamp is measured from today; of two it is arithmetic. */
export function refusedCall(
  refused: ReadonlyMap<string, Refusal>,
  name: string,
  argumentCount: number,
): Refusal | undefined {
  if (name === "age" && argumentCount === 1) return { reason: changing, hint: "give it two: age($end, d)" };
  return refused.get(name);
}

function refusalOf(name: string): Refusal {
  if (/time|date|now|today|ago/.test(name)) return clock;
  return /random|uuid|seed/.test(name) ? chance : { reason: changing, hint: "leave it out" };
}
