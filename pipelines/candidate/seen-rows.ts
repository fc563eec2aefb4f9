import type { ModelConfig } from "../config/model-config.ts";
import type { DatasetRef, FeatureData } from "../data/dataset-store.ts";
import { readRowIdentities } from "../data/row-identity.ts";
import type { Production } from "../registry/production.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { recordedSplitSeed } from "./split-seed.ts";
import { type KnownRows, type TrainedOn, trainedOn } from "./trained-on.ts";

/** A candidate's split. */
export type SplitData = Pick<FeatureData, "train" | "test" | "notes"> & { split_seed: number };

type Place = Pick<Workspace, "store" | "threads">;

/**
 * The test rows that production was trained on, or, where rows belong together, that are of a group it was trained on. None
 * where the two splits cannot overlap; else by its stored train split, or by the filter that it was registered with.
 */
export async function findSeenRows(
  place: Place,
  { features }: Pick<ModelConfig, "features">,
  data: SplitData,
  production: Production,
): Promise<KnownRows> {
  const { candidate } = production.record;
  if (cannotOverlap(features, data, candidate)) return { rows: new Int32Array(0) };
  const known = await trainedOn(place, features.key, production);
  const group = features.split.group ?? candidate.config.features.split.group;
  const isGrouped = group !== undefined && data.test.columns.some(({ name }) => name === group);
  return isGrouped ? rowsOfSeenGroups(place, data, known, group) : known.rows(data.test);
}

/** A group is known to production when one of its rows is: by its column, or, where production has it not, by the candidate's rows. */
async function rowsOfSeenGroups(place: Place, data: SplitData, known: TrainedOn, group: string): Promise<KnownRows> {
  const [seen, byGroup] = [await known.rows(data.test), await known.groups(data.test, group)];
  if (byGroup) return { rows: union(byGroup, "rows" in seen ? seen.rows : new Int32Array(0)) };
  if ("unknown" in seen) return seen;
  if (!(await place.store.has(data.train.fingerprint)))
    return {
      unknown: `production's rows have no ${group}, and the candidate's train split is not in the dataset store`,
    };
  const learned = await known.rows(data.train);
  if ("unknown" in learned) return learned;
  const [ours, theirs] = [await groupsOf(place, data.test, group), await groupsOf(place, data.train, group)];
  const groups = new Set([...seen.rows].map((row) => ours[row]!));
  for (const row of learned.rows) groups.add(theirs[row]!);
  return { rows: Int32Array.from(ours.keys()).filter((row) => groups.has(ours[row]!)) };
}

async function groupsOf({ store }: Place, ref: DatasetRef, group: string): Promise<string[]> {
  const columns = ref.columns.filter(({ name }) => name === group);
  const { high, low } = await readRowIdentities(store, ref, { columns, group: true });
  return Array.from(high, (half, row) => `${half} ${low[row]}`);
}

function union(a: Int32Array, b: Int32Array): Int32Array {
  return Int32Array.from(new Set([...a, ...b])).sort();
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
  if (split.group !== theirs.split.group) return false;
  if (split.group !== undefined) return sameColumns([split.group]);
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
