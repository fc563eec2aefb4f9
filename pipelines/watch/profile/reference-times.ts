import { dirname } from "node:path";
import { parseUtc } from "../../config/utc-time.ts";
import type { DatasetStore } from "../../data/dataset-store.ts";
import type { Session } from "../../data/engines/session.ts";
import { machineError, openFrugalSession, plainValue, quoteText } from "../../data/engines/tables.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";

/** The time column's first and last value, ISO UTC, both included. */
export interface TimeSpan {
  first: string;
  last: string;
}

/** When the rows happened that a version was trained and tested on; null for a split that has no times. */
export interface ReferenceTimes {
  train: TimeSpan | null;
  test: TimeSpan | null;
}

/** Reads the times of the stored splits. null for a model without `features.time`, or whose time column is neither date nor timestamp. */
export async function referenceTimes(
  store: DatasetStore,
  { config, train, test }: Pick<CandidateRecord, "config" | "train" | "test">,
): Promise<ReferenceTimes | null> {
  const { time } = config.features;
  if (time === null) return null;
  const spanOf = async ({ fingerprint }: { fingerprint: string }) =>
    (await store.has(fingerprint)) ? timeSpan(await store.path(fingerprint), time) : null;
  const times = { train: await spanOf(train), test: await spanOf(test) };
  return times.train || times.test ? times : null;
}

async function timeSpan(file: string, time: string): Promise<TimeSpan | null> {
  using session = await openFrugalSession({ readable: [dirname(file)], threads: 1 });
  try {
    const from = `read_parquet(${quoteText(file)})`;
    const value = await timestampOf(session, from, time);
    if (value === null) return null;
    const text = (aggregate: string) => `strftime(${aggregate}(t), '%Y-%m-%dT%H:%M:%S.%fZ') AS ${aggregate}`;
    const { min, max } = await session.row(
      `SELECT ${text("min")}, ${text("max")} FROM (SELECT ${value} AS t FROM ${from}) WHERE isfinite(t)`,
    );
    const [first, last] = [isoTime(min), isoTime(max)];
    return first === null || last === null ? null : { first, last };
  } catch (error) {
    throw machineError(error, `to read the times in ${file}`) ?? error;
  }
}

/** SQL for a time column as a timestamp of UTC; null for one that is neither date nor timestamp. */
export async function timestampOf(session: Session, from: string, time: string): Promise<string | null> {
  const column = (await session.columns(`SELECT * FROM ${from}`)).find(({ name }) => name === time);
  if (!column || !["date", "timestamp"].includes(column.kind)) return null;
  return `CAST(${plainValue(column)} AS TIMESTAMP)`;
}

/** To the millisecond; null for what ISO does not write with four digits of a year. */
function isoTime(text: unknown): string | null {
  const moment = typeof text === "string" ? parseUtc(text) : null;
  return moment === null ? null : new Date(Math.floor(moment)).toISOString();
}
