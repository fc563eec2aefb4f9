import { join } from "node:path";
import type { Session } from "../../data/engines/session.ts";
import { quoteText } from "../../data/engines/tables.ts";
import { type Outcomes, readOutcomes } from "../../watch/performance/read-outcomes.ts";
import { sqlTime } from "../../watch/window/drift-window.ts";
import type { ArmTable } from "./read-arms.ts";

/** Files that the labelled rows are written to; the session must be allowed to. */
export interface LabelledFiles {
  pairs: string;
  production_rows: string;
  challenger_rows: string;
}

export function labelledFiles(staging: string): LabelledFiles {
  const file = (name: string) => join(staging, `${name}.parquet`);
  return { pairs: file("pairs"), production_rows: file("production"), challenger_rows: file("challenger") };
}

/** Makes the table `labels` of a query that gives `k` and `y`: keys whose labels contradict each other have none. */
export async function fillLabels(session: Session, query: string): Promise<void> {
  await session.run(
    `CREATE TEMP TABLE labels AS SELECT k, min(y) AS y FROM (${query}) WHERE k IS NOT NULL AND y IS NOT NULL
     GROUP BY k HAVING count(DISTINCT y) = 1`,
  );
}

/** More rows tell no more about a difference; with many classes memory is the limit before. */
const [mostRows, mostScores] = [200_000, 2_000_000];

/** How many labelled rows there are, and how many of them a file has: all, or of very many a sample. */
export interface LabelledRows {
  found: number;
  written: number;
}

/** Writes the rows of a table whose label counts, which are those until a moment. */
export async function writeLabelled(
  session: Session,
  table: keyof LabelledFiles,
  { file, until, classes, seed }: { file: string; until: Date; classes: number; seed: number },
): Promise<LabelledRows> {
  const answered = table === "pairs" ? "" : "AND NOT failed AND r.p0 IS NOT NULL";
  const labelled = `SELECT r.*, l.y AS y FROM ${table} r JOIN labels l ON r.k = l.k
    WHERE r.t <= TIMESTAMP ${quoteText(sqlTime(until))} ${answered}`;
  const { rows } = await session.row(`SELECT count(*) AS rows FROM (${labelled})`);
  const found = Number(rows);
  const most = Math.min(mostRows, Math.floor(mostScores / Math.max(1, classes)));
  const sample = found > most ? `USING SAMPLE reservoir(${most} ROWS) REPEATABLE (${seed})` : "";
  await session.run(`COPY (SELECT * FROM (${labelled}) ${sample}) TO ${quoteText(file)} (FORMAT parquet)`);
  return { found, written: Math.min(found, most) };
}

/** The labelled predictions of one side: its columns are called `p0` … or `c0` … */
export async function outcomesIn(file: string, { record }: ArmTable, prefix: "p" | "c"): Promise<Outcomes> {
  const { classes, config } = record.candidate;
  const predicted = classes.length === 0 ? [`${prefix}0`] : classes.map((_, at) => `${prefix}${at + 1}`);
  const found = await readOutcomes({ files: [file], task: config.task, target: "y", classes, predicted });
  if (!found) throw new Error("The labelled rows lack a column that was just written.");
  return found;
}
