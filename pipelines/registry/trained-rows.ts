import type { DatasetStore } from "../data/dataset-store.ts";
import { type IdentityColumn, type KeyedDataset, readIdentities } from "../data/row-identity.ts";
import { EnvironmentError } from "../errors/expected-error.ts";
import type { Log } from "../ports/host.ts";
import { formatCount } from "../statistics/format-number.ts";
import { buildXorFilter, type XorFilter } from "../statistics/xor-filter.ts";
import type { CandidateRecord } from "./version-record.ts";

/** Its name among a version's files. */
export const trainedRowsFile = "trained-rows.filter";

/** A filter of so many rows has 20 MB, which is what a version's folder is worth. */
const mostRows = 16_000_000;

/** Which rows a version was trained on, without the rows: a filter of their identities. */
export interface TrainedRows {
  columns: readonly IdentityColumn[];
  /** The column of `features.split.group`, whose values are in the filter too. */
  group?: IdentityColumn;
  filter: XorFilter;
}

/** That nobody will know later which rows a version was trained on; for its report. */
export function trainedRowsNotes({ rows }: { rows: number }): string[] {
  if (rows <= mostRows) return [];
  return [
    `${formatCount(rows)} train rows are too many for ${trainedRowsFile}: a later split can be compared with this version only where the dataset store has its train split`,
  ];
}

/**
 * trained-rows.filter for a version's folder: a line of JSON and the filter's bytes. A machine without the train split
 * registers the version without, and says so.
 */
export async function versionTrainedRows(
  { store, log }: { store: DatasetStore; log: Log },
  { config, train }: Pick<CandidateRecord, "config" | "train">,
): Promise<Record<string, Uint8Array>> {
  if (train.rows > mostRows) return {};
  const { key, split } = config.features;
  const columns = ownIdentity({ ref: train, key });
  const [group] = split.group === undefined ? [] : ownIdentity({ ref: train, key: [split.group] });
  try {
    const identities = [{ columns }, ...(group ? [{ columns: [group], group: true }] : [])];
    const filter = buildXorFilter(await readIdentities(store, train, identities));
    return { [trainedRowsFile]: writeTrainedRows({ columns, ...(group && { group }), filter }) };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.warn(`${config.name} is registered without ${trainedRowsFile}: ${error.message}`);
    return {};
  }
}

function ownIdentity({ ref, key }: KeyedDataset): IdentityColumn[] {
  const named = ref.columns.filter(({ name }) => key.length === 0 || key.includes(name));
  return named.map(({ name, type }) => ({ name, type }));
}

function writeTrainedRows({ columns, group, filter: { seed, fingerprints } }: TrainedRows): Uint8Array {
  const head = { format: 1, columns, ...(group && { group }), seed, length: fingerprints.length };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), fingerprints]);
}

/** Reads trained-rows.filter back; null when a newer mergeml wrote it. Its hash was checked by the registry. */
export function parseTrainedRows(file: Uint8Array): TrainedRows | null {
  const end = file.indexOf(10);
  const { format, columns, group, seed, length } = JSON.parse(Buffer.from(file.subarray(0, end)).toString("utf8"));
  const fingerprints = file.subarray(end + 1);
  if (format !== 1 || fingerprints.length !== length || length % 3 !== 0) return null;
  return { columns, ...(group && { group }), filter: { seed, fingerprints } };
}
