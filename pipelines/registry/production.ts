import type { Snapshot } from "./snapshot.ts";
import { parseTrainedRows, type TrainedRows, trainedRowsFile } from "./trained-rows.ts";
import type { VersionRecord } from "./version-record.ts";

/** Production as the registry has it now, if anything is deployed. */
export interface Production {
  record: VersionRecord;
  /** Read only when it must be scored. */
  bytes(): Promise<Uint8Array>;
  /** The filter of the rows that it was trained on; null when it was registered without. */
  trainedRows(): Promise<TrainedRows | null>;
}

/** What is in production at `snapshot`; null when nothing is. Refuses a tampered registry. */
export async function productionOf(snapshot: Snapshot, name: string): Promise<Production | null> {
  const pointer = await snapshot.production(name);
  if (!pointer) return null;
  const record = await snapshot.trusted(name, pointer.version);
  const { version } = pointer;
  return {
    record,
    bytes: () => snapshot.modelBytes(name, version),
    trainedRows: async () => {
      const file = await snapshot.versionFile(name, version, trainedRowsFile);
      return file && parseTrainedRows(file);
    },
  };
}
