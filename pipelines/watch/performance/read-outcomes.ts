import type { Task } from "../../config/model-config.ts";
import type { Session } from "../../data/engines/session.ts";
import { machineError, openFrugalSession, quoteName, quoteText } from "../../data/engines/tables.ts";
import { type ColumnSink, levelCodes, readInto } from "../../data/stored-columns.ts";
import type { Target } from "../../data/table.ts";
import type { Predictions } from "../../training/trainer.ts";

/** Predictions and outcomes in Parquet files, by the names of their columns. */
export interface OutcomeFiles {
  files: readonly string[];
  task: Task;
  target: string;
  /** Of the model; empty for a regression. */
  classes: readonly string[];
  /** The column of the prediction, or of each class's probability in the order of the classes. */
  predicted: readonly string[];
}

export interface Outcomes {
  target: Target;
  predictions: Predictions;
}

/** More numbers than this tell no more about a metric; of larger windows a sample is scored. */
const mostNumbers = 4_000_000;

/**
 * The rows whose outcome is known and which the model predicted. Other classes than the model's are kept: they are what it
 * gets wrong. null when the files lack one of the columns.
 */
export async function readOutcomes(from: OutcomeFiles): Promise<Outcomes | null> {
  const { files, target, predicted } = from;
  if (files.length === 0) return null;
  using session = await openFrugalSession({ readable: [], writable: files, threads: 1 });
  try {
    const source = `read_parquet([${files.map(quoteText).join(", ")}], union_by_name => true, hive_partitioning => false)`;
    const columns = await session.rows(`DESCRIBE SELECT * FROM ${source}`);
    const names = new Set(columns.map((row) => String(row.column_name)));
    if (![target, ...predicted].every((name) => names.has(name))) return null;
    const known = [target, ...predicted].map((name) => `${quoteName(name)} IS NOT NULL`).join(" AND ");
    await session.run(`CREATE TEMP VIEW outcomes AS SELECT * FROM ${source} WHERE ${known}`);
    const { rows } = await session.row("SELECT count(*) AS rows FROM outcomes");
    const sampled = Math.min(Number(rows), Math.floor(mostNumbers / (predicted.length + 1)));
    const whole = sampled === Number(rows);
    const relation = whole ? "outcomes" : `(FROM outcomes USING SAMPLE reservoir(${sampled} ROWS) REPEATABLE (1))`;
    return await readRows(session, relation, sampled, from);
  } catch (error) {
    throw machineError(error, `to read the outcomes in ${files[0]}`) ?? error;
  }
}

async function readRows(session: Session, relation: string, rows: number, from: OutcomeFiles): Promise<Outcomes> {
  const { classes, predicted } = from;
  const { sink, target } = await targetSink(session, relation, rows, from);
  const columns = predicted.map((name) => ({
    sql: `CAST(${quoteName(name)} AS DOUBLE)`,
    values: new Float32Array(rows),
  }));
  await readInto(session, relation, { fingerprint: "of outcomes", rows, columns: [] }, [sink, ...columns]);
  const values = new Float32Array(rows * columns.length);
  for (const [at, column] of columns.entries())
    for (let row = 0; row < rows; row++) values[row * columns.length + at] = column.values[row]!;
  return { target, predictions: { rows, classes, values } };
}

async function targetSink(
  session: Session,
  relation: string,
  rows: number,
  { task, target, classes }: OutcomeFiles,
): Promise<{ sink: ColumnSink; target: Target }> {
  const column = quoteName(target);
  if (task === "regression") {
    const values = new Float64Array(rows);
    return { sink: { sql: `CAST(${column} AS DOUBLE)`, values }, target: { task, values } };
  }
  const found = await session.rows(`SELECT DISTINCT CAST(${column} AS VARCHAR) AS class FROM ${relation} ORDER BY 1`);
  const all = [...new Set([...classes, ...found.map((row) => String(row.class))])];
  const codes = new Int32Array(rows);
  const codeOf = await levelCodes(session, "mergeml_classes", all);
  const sql = codeOf(`CAST(${column} AS VARCHAR)`);
  return { sink: { sql, values: codes }, target: { task, codes, classes: all } };
}
