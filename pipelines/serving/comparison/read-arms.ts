import type { Session } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { predictedColumns } from "../../data/scores-table.ts";
import { logNames } from "../../predictions/log-layout.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import type { WindowJob } from "../../watch/window/drift-window.ts";
import { type LogFile, loggedMoment, openLogFile, readReason } from "../../watch/window/log-rows.ts";
import type { Arm } from "../served-model.ts";
import type { Agreement, ArmFacts, ValueSpread } from "./trial-notes.ts";

/** One side of a comparison: a table of its rows, `t`, `k`, `l`, `failed` and the prediction columns `p0` … */
export interface ArmTable {
  table: "production_rows" | "challenger_rows";
  record: VersionRecord;
}

/** Fills a side's table from the files of the log; rows of other arms, such as those of batch scoring, do not count. */
export async function fillArm(
  session: Session,
  { interval }: Pick<WindowJob, "interval">,
  { table, record }: ArmTable,
  { files, arm }: { files: readonly string[]; arm: Arm },
): Promise<void> {
  const { features, classes } = record.candidate;
  const own = features.map(({ name }) => name);
  const predicted = predictedColumns(classes, own);
  const types = predicted.map(({ type }) => (type === "text" ? "VARCHAR" : "DOUBLE"));
  const defined = types.map((type, at) => `p${at} ${type}`);
  await session.run(
    `CREATE TEMP TABLE ${table} (t TIMESTAMP, k VARCHAR, l DOUBLE, failed BOOLEAN, ${defined.join(", ")})`,
  );
  const { predictions } = logNames(own, classes);
  for (const path of files) {
    const file = await openLogFile(session, { interval, record }, path).catch((error: unknown) => ({
      reason: readReason(error, path),
    }));
    if ("reason" in file || file.rows === 0) continue;
    const values = predictions.map((name, at) =>
      file.columns.has(name) ? `TRY_CAST(${quoteName(name)} AS ${types[at]})` : "NULL",
    );
    await session.run(`INSERT INTO ${table} ${rowsOf(file, arm, values)}`);
  }
}

function rowsOf({ columns, from, wanted, failure }: LogFile, arm: Arm, values: readonly string[]): string {
  const ofArm = columns.has("arm") ? `AND coalesce(CAST(arm AS VARCHAR), ${quoteText(arm)}) = ${quoteText(arm)}` : "";
  const selected = [
    loggedMoment(columns.get("time")) ?? "NULL",
    columns.has("key") ? 'CAST("key" AS VARCHAR)' : "NULL",
    columns.has("latency_ms") ? "TRY_CAST(latency_ms AS DOUBLE)" : "NULL",
    failure ?? "false",
    ...values,
  ];
  return `SELECT ${selected.join(", ")} FROM ${from} WHERE ${wanted} ${ofArm}`;
}

/** What a side's table says of it. */
export async function armFacts(session: Session, { table, record }: ArmTable): Promise<Omit<ArmFacts, "labelled">> {
  const counted = await session.row(
    `SELECT count(*) AS rows, count(*) FILTER (failed) AS failed, count(DISTINCT k) AS keys FROM ${table}`,
  );
  const isClasses = record.candidate.classes.length > 0;
  return {
    version: record.version,
    rows: Number(counted.rows),
    failed: Number(counted.failed),
    keys: Number(counted.keys),
    latency: await spreadIn(session, "l", table),
    predictions: isClasses ? null : await spreadIn(session, "p0", table),
    labels: isClasses ? await labelShares(session, table) : [],
  };
}

async function spreadIn(session: Session, column: string, table: string): Promise<ValueSpread | null> {
  const found = await session.row(
    `SELECT count(v) AS rows, avg(v) AS mean, coalesce(stddev_samp(v), 0) AS sd, quantile_cont(v, 0.05) AS p5,
      quantile_cont(v, 0.5) AS p50, quantile_cont(v, 0.95) AS p95, quantile_cont(v, 0.99) AS p99
     FROM (SELECT ${column} AS v FROM ${table} WHERE isfinite(${column}) AND NOT failed)`,
  );
  if (Number(found.rows) === 0) return null;
  const number = (name: keyof ValueSpread) => Number(found[name]);
  return {
    ...{ mean: number("mean"), sd: number("sd") },
    ...{ p5: number("p5"), p50: number("p50"), p95: number("p95"), p99: number("p99") },
  };
}

const mostLabels = 20;

async function labelShares(session: Session, table: string): Promise<ArmFacts["labels"]> {
  const found = await session.rows(
    `SELECT p0 AS label, count(*) / sum(count(*)) OVER () AS share FROM ${table} WHERE p0 IS NOT NULL
     GROUP BY p0 ORDER BY share DESC, label LIMIT ${mostLabels}`,
  );
  return found.map(({ label, share }) => ({ label: String(label), share: Number(share) }));
}

/**
 * Makes the table `pairs`, `k`, `c0` … of the challenger and `p0` … of production: what both said of the same row. A shadow has the
 * time of the request that it is a copy of; of equal keys in one request the first is the first's.
 */
export async function pairRows(session: Session, arms: { production: ArmTable; tried: ArmTable }): Promise<void> {
  const numbered = (table: ArmTable["table"]) =>
    `(SELECT *, row_number() OVER (PARTITION BY t, k ORDER BY rowid) AS n FROM ${table} WHERE NOT failed)`;
  const columns = ({ record: { candidate } }: ArmTable, prefix: "c" | "p") =>
    Array.from({ length: 1 + candidate.classes.length }, (_, at) => `${prefix}.p${at} AS ${prefix}${at}`);
  const scores = [...columns(arms.tried, "c"), ...columns(arms.production, "p")];
  await session.run(
    `CREATE TEMP TABLE pairs AS SELECT p.k AS k, p.t AS t, ${scores.join(", ")}
     FROM ${numbered("production_rows")} p JOIN ${numbered("challenger_rows")} c
     ON p.t = c.t AND p.k IS NOT DISTINCT FROM c.k AND p.n = c.n WHERE p.p0 IS NOT NULL AND c.p0 IS NOT NULL`,
  );
}

/** How far the two agree on `pairs`; null when there are none. */
export async function agreementOf(session: Session, isClasses: boolean): Promise<Agreement | null> {
  const measured = isClasses
    ? "NULL AS mean_difference, NULL AS mean_absolute_difference, avg(CAST(c0 = p0 AS INTEGER)) AS same_label"
    : "avg(c0 - p0) AS mean_difference, avg(abs(c0 - p0)) AS mean_absolute_difference, NULL AS same_label";
  const found = await session.row(`SELECT count(*) AS rows, ${measured} FROM pairs`);
  if (Number(found.rows) === 0) return null;
  const number = (value: unknown) => (value === null ? null : Number(value));
  return {
    rows: Number(found.rows),
    mean_difference: number(found.mean_difference),
    mean_absolute_difference: number(found.mean_absolute_difference),
    same_label: number(found.same_label),
  };
}
