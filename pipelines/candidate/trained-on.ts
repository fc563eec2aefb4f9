import type { DatasetRef } from "../data/dataset-store.ts";
import { type RowIdentity, readRowIdentities, rowsAlsoIn, sharedColumn, sharedIdentity } from "../data/row-identity.ts";
import type { Production } from "../registry/production.ts";
import type { TrainedRows } from "../registry/trained-rows.ts";
import { isInFilter } from "../statistics/xor-filter.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Positions of a dataset's rows, ascending; or why they cannot be known. */
export type KnownRows = { rows: Int32Array } | { unknown: string };

/** Which rows of other datasets a version was trained on. */
export interface TrainedOn {
  rows(ref: DatasetRef): Promise<KnownRows>;
  /** The rows whose value of `group` is that of a row it was trained on; null when its rows are not known by that column. */
  groups(ref: DatasetRef, group: string): Promise<Int32Array | null>;
}

type Place = Pick<Workspace, "store" | "threads">;

/** What production's stored train split tells, or else the filter that it was registered with. */
export async function trainedOn(place: Place, key: readonly string[], production: Production): Promise<TrainedOn> {
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
