import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { markdownTable } from "markdown-table";
import { openDataFolders } from "../pipelines/data/data-folders.ts";
import { allowQuery } from "../pipelines/data/engines/duckdb/allow-query.ts";
import { openDuckdbSession } from "../pipelines/data/engines/duckdb/duckdb-session.ts";
import { resultTable, runQuery } from "../pipelines/data/engines/duckdb/run-query.ts";
import { type QueryJob, sqlText } from "../pipelines/data/engines/engine.ts";
import { machine, tellSection } from "./bench/page.ts";

const flights = join(import.meta.dirname, "../node_modules/vega-datasets/data/flights-3m.parquet");
const from = "FROM 'flights-3m.parquet'";

const queries: [string, string][] = [
  [
    "columns and a condition (nothing depends on the order)",
    `SELECT delay, distance, origin ${from} WHERE distance > 100`,
  ],
  [
    "exact sums by origin (nothing depends on the order)",
    `SELECT origin, sum(delay) AS d, count(*) AS n ${from} GROUP BY ALL`,
  ],
  ["sums of DOUBLE by origin", `SELECT origin, avg(delay::DOUBLE) AS d, stddev(distance) AS s ${from} GROUP BY ALL`],
  [
    "sums of DOUBLE by origin, destination and hour",
    `SELECT origin, destination, hour(date) AS h, avg(delay::DOUBLE) AS d ${from} GROUP BY ALL`,
  ],
  [
    "first and arg_max by origin and destination",
    `SELECT origin, destination, first(delay) AS f, arg_max(delay, date) AS a ${from} GROUP BY ALL`,
  ],
  [
    "a mean of the last 10 flights of each origin",
    `SELECT delay, avg(delay::DOUBLE) OVER (PARTITION BY origin ORDER BY date ROWS BETWEEN 10 PRECEDING AND 1 PRECEDING) AS m ${from}`,
  ],
];

/** What it costs that a query gives the same rows whatever the threads and the memory; `--write` puts it into docs/benchmarks.md. */
async function main(): Promise<void> {
  const rows = [["query", "as it comes", "in order", "same rows as it comes"]];
  for (const [what, query] of queries) {
    const before = [await anyOrder(query), await anyOrder(query)];
    const now = [await asRun(query), await asRun(query)];
    const same = before[0]?.digest === before[1]?.digest ? "yes, twice" : "no";
    if (now[0]?.digest !== now[1]?.digest) throw new Error(`other rows: ${query}`);
    rows.push([what, seconds(before), seconds(now), same]);
    process.stdout.write(`${rows.at(-1)?.join("  ")}\n`);
  }
  const body = `\`npm run bench:row-order -- --write\`: the query alone on the 3,000,000 rows of flights-3m.parquet, the better of two runs. "As it comes" is every thread and room on the disk, as all queries once ran; "in order" is what runs now, telling which of the two is right included.`;
  tellSection(
    "Queries that depend on the order of rows",
    `${body}\n\n${markdownTable(rows, { align: ["l", "r", "r", "l"] })}\n\n${machine()}`,
  );
}

function seconds(runs: readonly { seconds: number }[]): string {
  return `${Math.min(...runs.map((run) => run.seconds)).toFixed(2)} s`;
}

function anyOrder(query: string) {
  return measured(async (session, job) => {
    const { query: resolved } = await allowQuery(session, job);
    return { session, job, allowed: { query: resolved, parameters: [], ordered: null } };
  }, query);
}

function asRun(query: string) {
  return measured(async (session, job) => ({ session, job, allowed: await allowQuery(session, job) }), query);
}

type Session = Awaited<ReturnType<typeof openDuckdbSession>>;
type Prepare = (
  session: Session,
  job: QueryJob,
) => Promise<{ session: Session; job: QueryJob; allowed: Parameters<typeof runQuery>[2] }>;

async function measured(prepare: Prepare, query: string): Promise<{ seconds: number; digest: string }> {
  const staging = mkdtempSync(join(tmpdir(), "mergeml-row-order-"));
  try {
    const folders = await openDataFolders(dirname(flights), [], [dirname(flights)]);
    const limits = { memory_gb: 4, threads: availableParallelism(), seconds: 600 };
    using session = await openDuckdbSession({ ...limits, readable: [dirname(flights)], spill: join(staging, "spill") });
    const started = performance.now();
    const { job, allowed } = await prepare(session, {
      sql: sqlText("q.sql", query),
      window: null,
      folders,
      staging,
      limits,
    });
    await runQuery(session, job, allowed);
    const spent = (performance.now() - started) / 1000;
    const { digest } = await session.row(
      `SELECT CAST(sum(CAST(md5_number_lower(CAST(t AS VARCHAR)) AS HUGEINT)) AS VARCHAR) AS digest FROM ${resultTable} t`,
    );
    return { seconds: spent, digest: String(digest) };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

await main();
