import type { ModelConfig } from "../config/model-config.ts";
import type { DatasetRef, FeatureData } from "../data/dataset.ts";
import { readRowIdentities, rowsAlsoIn, sharedIdentity } from "../data/row-identity.ts";
import type { Production } from "../registry/production.ts";
import type { TrainedRows } from "../registry/trained-rows.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { isInFilter } from "../statistics/xor-filter.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { recordedSplitSeed } from "./split-seed.ts";

/** A candidate's split. */
export type SplitData = Pick<FeatureData, "test" | "notes"> & { split_seed: number };

/** Positions of the test rows that production was trained on, ascending; or why that cannot be known. */
export type SeenRows = { rows: Int32Array } | { unknown: string };

type Place = Pick<Workspace, "store" | "threads">;

/**
 * The test rows that production was trained on. None where the two splits cannot overlap; else by its stored train split, or
 * by the filter that it was registered with.
 */
export async function findSeenRows(
  place: Place,
  { features }: Pick<ModelConfig, "features">,
  data: SplitData,
  production: Production,
): Promise<SeenRows> {
  const { candidate } = production.record;
  if (cannotOverlap(features, data, candidate)) return { rows: new Int32Array(0) };
  const { key } = features;
  const { train } = candidate;
  if (place.store.has(train.fingerprint)) {
    const columns = sharedIdentity({ ref: data.test, key }, { ref: train, key: candidate.config.features.key });
    if (columns === null) return { unknown: "the two have neither a key nor enough columns in common" };
    return { rows: await rowsAlsoIn(place, data.test, train, columns) };
  }
  const trained = await production.trainedRows();
  if (trained === null)
    return {
      unknown: "its train split is not in the dataset store, and it was registered without a filter of its rows",
    };
  return rowsInFilter(place, data.test, trained);
}

async function rowsInFilter({ store }: Place, test: DatasetRef, { columns, filter }: TrainedRows): Promise<SeenRows> {
  const lost = columns.filter(({ name, type }) => !test.columns.some((own) => own.name === name && own.type === type));
  if (lost.length > 0) {
    const names = lost.map(({ name }) => name).join(", ");
    return {
      unknown: `its train split is not in the dataset store, and its rows were registered by ${names}, which the test rows lack`,
    };
  }
  const { high, low } = await readRowIdentities(store, test, columns);
  const rows: number[] = [];
  for (let row = 0; row < low.length; row += 1) if (isInFilter(filter, high[row]!, low[row]!)) rows.push(row);
  return { rows: Int32Array.from(rows) };
}

/**
 * Whether the two splits keep each test row out of production's train split by the way they were drawn: by the hash of the
 * same columns with the same seed, or by time with a boundary that has not moved back.
 */
function cannotOverlap(
  { split, key, time }: ModelConfig["features"],
  { test, notes, split_seed }: SplitData,
  candidate: CandidateRecord,
): boolean {
  const theirs = candidate.config.features;
  if (split.by !== theirs.split.by) return false;
  const sameColumns = (names: readonly string[]) =>
    JSON.stringify(columnsOf(test, names)) === JSON.stringify(columnsOf(candidate.train, names));
  if (split.by === "time") {
    const [own, before] = [boundaryOf(notes), boundaryOf(candidate.notes)];
    return (
      time !== null && time === theirs.time && sameColumns([time]) && own !== null && before !== null && own >= before
    );
  }
  if (split_seed !== recordedSplitSeed(candidate) || split.test > theirs.split.test) return false;
  if (JSON.stringify(key) !== JSON.stringify(theirs.key)) return false;
  return key.length > 0 ? sameColumns(key) : JSON.stringify(test.columns) === JSON.stringify(candidate.train.columns);
}

function columnsOf({ columns }: DatasetRef, names: readonly string[]): { name: string; type: string }[] {
  return names.flatMap((name) => columns.filter((column) => column.name === name));
}

/** The time of the first test row of a split by time, as its note has it; times of one type sort as texts. */
function boundaryOf(notes: readonly string[]): string | null {
  for (const note of notes) {
    const found = /^split by time: test begins at (.+)$/.exec(note);
    if (found) return found[1]!;
  }
  return null;
}
