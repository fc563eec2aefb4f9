import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { type Engine, type QueryResult, sqlText } from "../../../pipelines/data/engines/engine.ts";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { connect } from "../../../pipelines/data/engines/postgres/connection.ts";
import { type CopiedColumn, type CopiedType, copyOut } from "../../../pipelines/data/engines/postgres/decode-copy.ts";
import type { RoleColumn } from "../../../pipelines/data/engines/session.ts";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import { startPostgres } from "../../../test/servers/postgres.ts";
import { machine, tellSection } from "../page.ts";

const root = join(import.meta.dirname, "../../..");
const rows = 1_000_000;
const columns = ["id", "a", "b", "c", "d", "e", "n", "city", "y", "x"];
const types: readonly CopiedType[] = [
  ...(["bigint", "double", "double", "double", "double", "double"] as const),
  ...(["integer", "text", "double", "double"] as const),
];

/** Ten columns as tables have them: a key, an integer, a category, and doubles of all their digits. */
const table = `
  CREATE ROLE reader LOGIN PASSWORD 'reader'; CREATE SCHEMA features; GRANT USAGE ON SCHEMA features TO reader;
  CREATE TABLE features.wide AS SELECT i::bigint AS id, random() AS a, random() AS b, random() * 1e6 AS c, -random() AS d,
    CASE WHEN i % 10 = 0 THEN NULL ELSE random() END AS e, i % 1000 AS n, 'city ' || i % 200 AS city, random() AS y, random() AS x
    FROM generate_series(1, ${rows}) AS i;
  GRANT SELECT ON ALL TABLES IN SCHEMA features TO reader; VACUUM ANALYZE features.wide;`;

const query = `SELECT ${columns.join(", ")} FROM features.wide`;

/** Reading a million rows out of PostgreSQL: into typed arrays beside pandas, and the whole work of a training beside DuckDB. */
export async function tellPostgres(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-postgres-"));
  await using server = await startPostgres({ shared_buffers: "512MB" });
  for (const statement of table.split(/;\s*(?=VACUUM)/)) await server.sql(statement);
  const url = server.urlOf("reader", "reader");
  const seconds = {
    arrays: await bestOf(3, () => intoArrays(url)),
    pandas: await bestOf(3, async () => withPandas(url)),
  };
  const source = { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] } as const;
  const engineOf = startEngines({ sources: { shop: source }, env: { SHOP_URL: url } });
  const steps = await stepsOf(engineOf("shop"), folder, query);
  const local = await localRows(folder);
  const ours = await stepsOf(engineOf("duckdb"), folder, `SELECT * FROM 'wide.parquet'`, local);
  rmSync(folder, { recursive: true, force: true });
  const times = seconds.pandas / seconds.arrays;
  const table1 = markdownTable([
    [`${rows / 1e6}M rows of ${columns.length} columns`, "seconds", "goal"],
    ["COPY into typed arrays", seconds.arrays.toFixed(2), "≤ 4"],
    ["pandas `read_sql` (SQLAlchemy, psycopg2)", seconds.pandas.toFixed(2), `${times.toFixed(1)} times as long; ≥ 5`],
  ]);
  const table2 = markdownTable([
    ["step", "in PostgreSQL", "DuckDB on a Parquet file"],
    ...Object.keys(steps).map((name) => [name, steps[name]!.toFixed(2), ours[name]!.toFixed(2)]),
  ]);
  const text = `${machine()} \`npm run bench:data -- postgres\`, the best of three for the first table.\n\n${table1}\n\nThe work of a training on the same rows, in seconds:\n\n${table2}`;
  tellSection("PostgreSQL", text);
}

async function bestOf(times: number, once: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < times; run++) best = Math.min(best, await once());
  return best;
}

/** All rows in memory, in one array a column. */
async function intoArrays(url: string): Promise<number> {
  const connection = await connect({ url }, 600);
  const started = performance.now();
  const size = 65_536;
  const kept: CopiedColumn["values"][][] = types.map(() => []);
  let count = 0;
  await copyOut(connection, query, types, size, (some, copied) => {
    count += some;
    for (const [at, { values }] of copied.entries()) kept[at]!.push(values.slice(0, some));
  });
  const whole = kept.map((pieces) => joined(pieces, count));
  const seconds = (performance.now() - started) / 1000;
  await connection.close();
  if (whole.some((values) => values.length !== rows)) throw new Error(`${count} rows came`);
  return seconds;
}

function joined(pieces: readonly CopiedColumn["values"][], count: number): CopiedColumn["values"] {
  const [first] = pieces;
  if (Array.isArray(first)) return (pieces as string[][]).flat();
  const numbers = pieces as Float64Array[];
  const all = new (numbers[0]!.constructor as Float64ArrayConstructor)(count);
  let at = 0;
  for (const piece of numbers) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function withPandas(url: string): number {
  const environment = join(root, ".cache/bench-data");
  const python = join(environment, "bin/python");
  const requirements = join(import.meta.dirname, "requirements.txt");
  execFileSync(join(root, "scripts/make-venv.sh"), [environment, "-r", requirements], { stdio: "inherit" });
  const told = execFileSync(python, [join(import.meta.dirname, "read_sql.py"), url, query], { encoding: "utf8" });
  return Number(told.split(" ")[0]);
}

/** The same rows in a file. */
async function localRows(folder: string): Promise<string> {
  const data = join(folder, "data");
  execFileSync("mkdir", ["-p", data]);
  const from = join(folder, "postgres", "query.parquet");
  using session = await openSession({ readable: [join(folder, "postgres")], writable: [join(data, "wide.parquet")] });
  await session.save(`SELECT * FROM read_parquet(${quoteText(from)})`, join(data, "wide.parquet"));
  return data;
}

async function stepsOf(engine: Engine, folder: string, text: string, data?: string): Promise<Record<string, number>> {
  const staging = join(folder, data ? "duckdb" : "postgres");
  execFileSync("mkdir", ["-p", staging]);
  const folders = data ? [{ name: "data", path: data, exists: true, files: ["wide.parquet"] }] : [];
  const limits = { memory_gb: 4, threads: 2, seconds: 1200 };
  const job = { sql: sqlText("features.sql", text), window: null, folders, staging, limits };
  const seconds: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const done = await work();
    seconds[name] = (performance.now() - started) / 1000;
    return done;
  };
  const result: QueryResult = await timed("query", () => engine.query(job));
  const roles = result.columns.map((column): RoleColumn => ({ ...column, role: roleOf(column.name) }));
  await timed("facts of all columns", () => result.facts(roles));
  await timed("all rows to Parquet, as a drift check takes them", () => result.save());
  await timed("split, fingerprint, both sides to Parquet", () =>
    result.write(roles, { by: "key", test: 0.2, seed: 1, task: "regression" }),
  );
  await result.close();
  return seconds;
}

function roleOf(name: string): RoleColumn["role"] {
  if (name === "id") return "key";
  return name === "y" ? "target" : "feature";
}
