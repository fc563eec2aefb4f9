import type { Clock } from "../ports/host.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import type { LastCheck } from "../watch/last-check.ts";
import type { RegistrySource } from "./following/registry-mirror.ts";

/** What the last checks of drift found, without waiting for it. */
export interface DriftNotes {
  /** As it was known at most a minute ago; null when no check of this version is known, or none was read yet. */
  of(record: VersionRecord): LastCheck | null;
}

interface Note {
  digest: string;
  read: number;
  check: LastCheck | null;
}

const freshMs = 60_000;

/** Reads a version's check when it is asked for, and again a minute later; one that cannot be read is not known. */
export function openDriftNotes({ lastDrift }: Pick<RegistrySource, "lastDrift">, clock: Clock): DriftNotes {
  const notes = new Map<string, Note>();
  return {
    of(record) {
      const now = clock.now().getTime();
      const { model, digest } = record;
      const known = notes.get(model);
      const check = known?.digest === digest ? known.check : null;
      if (lastDrift === undefined || (known?.digest === digest && Math.abs(now - known.read) < freshMs)) return check;
      const note: Note = { digest, read: now, check };
      notes.set(model, note);
      lastDrift(record).then(
        (found) => (note.check = found),
        () => (note.check = null),
      );
      return check;
    },
  };
}
