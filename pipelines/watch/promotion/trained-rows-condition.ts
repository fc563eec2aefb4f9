import { dirname } from "node:path";
import type { DatasetStore } from "../../data/dataset-store.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";

/** Share of the test rows, which nobody was trained on, that may equal a train row: beyond it rows are equal by coincidence. */
const mostCoincidence = 0.01;

/** SQL for the rows that a version was not trained on, and the folder that it reads. */
export interface TrainedRowsCondition {
  where: string;
  folder: string;
}

/**
 * A live row that a version was trained on, because somebody scored the table that it learned from, or because a row's label came
 * early, speaks for that version. Rows are known by all features that are there and by the outcome, as the model sees them, where
 * those tell rows apart. null where the dataset store has its splits no longer.
 */
export async function notTrainedOn(
  store: Pick<DatasetStore, "has" | "path">,
  { train, test, features, config }: CandidateRecord,
  { given, target }: { given: readonly string[]; target: string },
): Promise<TrainedRowsCondition | null> {
  if (!(await store.has(train.fingerprint)) || !(await store.has(test.fingerprint))) return null;
  const [file, heldOut] = [await store.path(train.fingerprint), await store.path(test.fingerprint)];
  const shared = features.filter(({ name }) => given.includes(name));
  if (shared.length === 0) return null;
  const isNumber = config.task === "regression";
  const hash = (outcome: string) => {
    const cells = shared.map(({ name, kind }) => cell(name, kind !== "category"));
    return `hash(${[...cells, cell(outcome, isNumber)].join(", ")})`;
  };
  const own = hash(config.features.target);
  const learned = `SELECT ${own} FROM read_parquet(${quoteText(file)})`;
  const telling = `SELECT count(*) FILTER (${own} IN (${learned})) < ${mostCoincidence} * count(*) FROM read_parquet(${quoteText(heldOut)})`;
  return { where: `NOT ((${telling}) AND ${hash(target)} IN (${learned}))`, folder: dirname(file) };
}

/** As what the model sees: 32-bit numbers and texts. */
function cell(name: string, isNumber: boolean): string {
  return isNumber ? `TRY_CAST(${quoteName(name)} AS FLOAT)` : `CAST(${quoteName(name)} AS VARCHAR)`;
}
