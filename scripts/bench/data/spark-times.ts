import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A statement that Spark ran, by its own clock: milliseconds of the epoch. */
interface RunStatement {
  statement: string;
  started: number;
  ended: number;
}

/** What statements are for, by what is in them. */
const purposes: readonly (readonly [RegExp, string])[] = [
  [/^INSERT OVERWRITE DIRECTORY.* AS `?mergeml_hash/s, "hash and side of each row, kept as Parquet"],
  [/^INSERT OVERWRITE DIRECTORY.* ORDER BY `?mergeml_hash/s, "train sample and test split, sorted, to Parquet"],
  [/^INSERT OVERWRITE DIRECTORY/, "the query, its rows kept as Parquet"],
  [/AS all_rows/, "checks"],
  [/AS missing_0|AS given|AS kept/, "facts of the columns"],
  [/HAVING count\(\*\) > 1/, "repeated keys"],
  [/AS hash_low/, "fingerprints"],
  [/AS below_0/, "size of the sample"],
];

/** What Spark's own log of events says of statements that ran from one moment to another; `folder` is `spark.eventLog.dir`. */
export function statementsIn(folder: string, from: number, to: number): RunStatement[] {
  const open = new Map<string, Omit<RunStatement, "ended">>();
  const found: RunStatement[] = [];
  for (const line of readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))) {
    if (!line.includes("SparkListenerThriftServerOperation")) continue;
    const event = JSON.parse(line) as { Event: string; id: string } & Record<string, unknown>;
    if (event.Event.endsWith("OperationStart"))
      open.set(event.id, { statement: String(event.statement), started: Number(event.startTime) });
    const begun = open.get(event.id);
    if (!begun || !event.Event.endsWith("OperationFinish")) continue;
    if (begun.started >= from && begun.started < to) found.push({ ...begun, ended: Number(event.finishTime) });
  }
  return found;
}

/** Seconds for each purpose, and of all; statements of a session run one after the other. */
export function secondsByPurpose(statements: readonly RunStatement[]): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const { statement, started, ended } of statements) {
    const purpose = purposes.find(([pattern]) => pattern.test(statement))?.[1] ?? "plans, names, settings, the rest";
    seconds.set(purpose, (seconds.get(purpose) ?? 0) + (ended - started) / 1000);
  }
  return seconds;
}
