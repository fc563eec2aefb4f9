import type { DuckdbSession } from "./duckdb-session.ts";

/** Why a function may not be called, and what to do instead. */
export interface Refusal {
  reason: string;
  hint: string;
}

/** What the rules know of the engine's functions. */
export interface FunctionRules {
  refused: ReadonlyMap<string, Refusal>;
  /** Aggregates, and macros, which may hold one. */
  aggregates: ReadonlySet<string>;
  /** All that the engine itself has, without its extensions. */
  own: ReadonlySet<string>;
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
const sqlInText: Refusal = {
  reason: "it hands a text to the engine as SQL, which nothing has judged",
  hint: "write that SQL into the query itself",
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
  json_serialize_plan: sqlInText,
  json_serialize_sql: sqlInText,
  json_deserialize_sql: sqlInText,
  json_execute_serialized_sql: sqlInText,
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

/** Functions that call the aggregate which their second argument names. */
export const namedAggregates: ReadonlySet<string> = new Set([
  "list_aggregate",
  "list_aggr",
  "array_aggregate",
  "array_aggr",
  "aggregate",
]);

let rulesOfEngine: Promise<FunctionRules> | null = null;

/**
 * The engine's functions, by its own catalogue and our corrections. Refused is every one whose value is not a function of its
 * arguments, and every macro that calls one or reads the catalogue. `error` is volatile only so that it is not folded away.
 * Read once, before extensions are loaded: it is a constant of the engine, and takes as long as preparing a query.
 */
export function functionRules(session: DuckdbSession): Promise<FunctionRules> {
  rulesOfEngine ??= readRules(session).catch((error: unknown) => {
    rulesOfEngine = null;
    throw error;
  });
  return rulesOfEngine;
}

async function readRules(session: DuckdbSession): Promise<FunctionRules> {
  const rows = await session.rows(`
    SELECT DISTINCT lower(function_name) AS name, function_type AS type, macro_definition AS body,
      stability <> 'CONSISTENT' AS volatile
    FROM duckdb_functions()`);
  const named = rows.map(({ name, type, body, volatile }) => {
    return { name: String(name), type, body: String(body ?? ""), volatile: volatile === true };
  });
  const listed = named.filter(({ name, type, volatile }) => volatile && type !== "macro" && name !== "error");
  const refused = new Map<string, Refusal>([
    ...listed.map(({ name }): [string, Refusal] => [name, refusalOf(name)]),
    ...Object.entries(misjudged),
  ]);
  const tables = named.filter(({ name, type }) => type === "table" && !rowFunctions.has(name)).map(({ name }) => name);
  refuseMacros(
    refused,
    new Set(tables),
    named.filter(({ type }) => type === "macro"),
  );
  const aggregates = named.filter(({ type }) => type === "aggregate" || type === "macro").map(({ name }) => name);
  return { refused, aggregates: new Set(aggregates), own: new Set(named.map(({ name }) => name)) };
}

/** Until nothing is added, because macros call macros. */
function refuseMacros(
  refused: Map<string, Refusal>,
  tables: ReadonlySet<string>,
  macros: readonly { name: string; body: string }[],
): void {
  for (let before = -1; before < refused.size; ) {
    before = refused.size;
    for (const { name, body } of macros) {
      const called = calledNames(body).find((each) => each !== name && (refused.has(each) || tables.has(each)));
      if (called !== undefined && !refused.has(name)) refused.set(name, refused.get(called) ?? machine);
    }
  }
}

function calledNames(body: string): string[] {
  const words = [...body.toLowerCase().matchAll(/([a-z_0-9]+)"?\s*\(|\b(current_timestamp|current_date)\b/g)];
  return words.map(([, call, word]) => call ?? (word === "current_date" ? "today" : "now"));
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
