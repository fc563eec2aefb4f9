import type { ModelConfig } from "../config/model-config.ts";
import type { DatasetRef, FeatureData } from "../data/dataset-store.ts";
import { type RowIdentity, readRowIdentities, rowsAlsoIn, sharedColumn, sharedIdentity } from "../data/row-identity.ts";
import type { Production } from "../registry/production.ts";
import type { TrainedRows } from "../registry/trained-rows.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { isInFilter } from "../statistics/xor-filter.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { recordedSplitSeed } from "./split-seed.ts";

/** A candidate's split. */
type SplitData = Pick<FeatureData, "train" | "test" | "notes"> & { split_seed: number };

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

/** Positions of a dataset's rows, ascending; or why they cannot be known. */
export type KnownRows = { rows: Int32Array } | { unknown: string };

/** Which rows of other datasets a version was trained on. */
interface TrainedOn {
  rows(ref: DatasetRef): Promise<KnownRows>;
  /** The rows whose value of `group` is that of a row it was trained on; null when its rows are not known by that column. */
  groups(ref: DatasetRef, group: string): Promise<Int32Array | null>;
}

/** What production's stored train split tells, or else the filter that it was registered with. */
async function trainedOn(place: Place, key: readonly string[], production: Production): Promise<TrainedOn> {
  const { candidate } = production.record;
  if (await place.store.has(candidate.train.fingerprint)) return byStoredSplit(place, key, production);
  const trained = await production.trainedRows();
  if (trained !== null) return byFilter(place, trained);
  const unknown = "its train split is not in the dataset store, and it was registered without a filter of its rows";
  return { rows: async () => ({ unknown }), groups: async () => null };
}

function byStoredSplit(place: Place, key: readonly string[], { record: { candidate } }: Production): TrainedOn {
  const { train, config } = candidate;
  return {
    async rows(ref) {
      const columns = sharedIdentity({ ref, key }, { ref: train, key: config.features.key });
      if (columns === null) return { unknown: "the two have neither a key nor enough columns in common" };
      return { rows: await rowsAlsoIn(place, ref, train, columns) };
    },
    async groups(ref, group) {
      const columns = sharedColumn(ref, train, group);
      return columns.length === 0 ? null : rowsAlsoIn(place, ref, train, columns);
    },
  };
}

function byFilter({ store }: Place, { columns, group, filter }: TrainedRows): TrainedOn {
  const inFilter = async (ref: DatasetRef, identity: RowIdentity) => {
    const { high, low } = await readRowIdentities(store, ref, identity);
    return Int32Array.from(high.keys()).filter((row) => isInFilter(filter, high[row]!, low[row]!));
  };
  const lacks = (ref: DatasetRef, { name, type }: { name: string; type: string }) =>
    !ref.columns.some((own) => own.name === name && own.type === type);
  return {
    async rows(ref) {
      const lost = columns.filter((column) => lacks(ref, column)).map(({ name }) => name);
      if (lost.length === 0) return { rows: await inFilter(ref, { columns }) };
      const unknown = `its train split is not in the dataset store, and its rows were registered by ${lost.join(", ")}, which the test rows lack`;
      return { unknown };
    },
    async groups(ref, name) {
      return group?.name !== name || lacks(ref, group) ? null : inFilter(ref, { columns: [group], group: true });
    },
  };
}
