import {
  type ChallengerPointer,
  challengerFile,
  DamageError,
  type ProductionPointer,
  productionFile,
  readRegistryJson,
  recordFile,
  type VersionPointer,
  type VersionRecord,
  versionFolder,
} from "./version-record.ts";

interface Promoter {
  since: Date;
  by: string;
  pullRequest: number | null;
}

/** A new pointer to a version. `since` differs between any two promotions, so an older one's revert conflicts instead of half applying. */
export function pointTo(record: VersionRecord, { since, by, pullRequest }: Promoter): ProductionPointer {
  return { ...bindTo(record, { since, by }), pull_request: pullRequest };
}

/** What every pointer to a version says. */
export function bindTo(record: VersionRecord, { since, by }: Pick<Promoter, "since" | "by">): VersionPointer {
  return {
    version: record.version,
    model: record.candidate.model.sha256,
    record: record.digest,
    since: since.toISOString(),
    by,
  };
}

/** A pointer file as stored, a line for each fact. */
export function writePointer(pointer: VersionPointer): string {
  return `${JSON.stringify(pointer, null, 2)}\n`;
}

/** Reads production.json, or another environment's. Throws DamageError when it is not a pointer, e.g. when it still has the marks of a conflict. */
export function readPointer(content: Uint8Array, model: string, file = productionFile(model)): ProductionPointer {
  const pointer = readBinding(content, file) as ProductionPointer;
  const { pull_request: pullRequest } = pointer;
  if (pullRequest !== null && !Number.isSafeInteger(pullRequest))
    throw new DamageError(file, "names no pull request by its number");
  return pointer;
}

/** What a pointer file of either kind says. Throws DamageError when it names no version, or does not bind it. */
function readBinding(content: Uint8Array, file: string): VersionPointer {
  const pointer = readRegistryJson(content, file) as unknown as VersionPointer;
  const { version, model: hash, record, since } = pointer;
  if (!Number.isSafeInteger(version) || version < 1)
    throw new DamageError(file, `names no version: ${JSON.stringify(version)}`);
  if (
    typeof hash !== "string" ||
    typeof record !== "string" ||
    typeof since !== "string" ||
    typeof pointer.by !== "string"
  ) {
    throw new DamageError(file, "lacks the version's hashes (model, record), since when it holds or by whom");
  }
  return pointer;
}

/** Throws DamageError unless the pointer names exactly this version, and the gate let that version pass. */
export function checkPointer(
  pointer: VersionPointer,
  record: VersionRecord,
  file = productionFile(record.model),
): void {
  const named = `${record.model}@${pointer.version}`;
  if (pointer.record !== record.digest) {
    const recordPath = `${versionFolder(record.model, record.version)}/${recordFile}`;
    throw new DamageError(file, `names another record of ${named} than ${recordPath} is: one of the two was changed`);
  }
  if (pointer.model !== record.candidate.model.sha256)
    throw new DamageError(file, `names another model than ${named} has`);
  if (record.verdict.outcome !== "pass") {
    throw new DamageError(file, `names ${named}, whose verdict is ${record.verdict.outcome}, not pass`);
  }
}

/** Reads challenger.json. Throws DamageError when it names no version, or nothing that the version is tried on. */
export function readChallenger(content: Uint8Array, model: string, file = challengerFile(model)): ChallengerPointer {
  const pointer = readBinding(content, file) as ChallengerPointer;
  const { mode, share } = pointer;
  if (mode === "shadow" && share === null) return pointer;
  if (mode === "split" && typeof share === "number" && share > 0 && share < 1) return pointer;
  throw new DamageError(
    file,
    `is neither a shadow nor a split with a share between 0 and 1: mode ${JSON.stringify(mode)}, share ${JSON.stringify(share)}`,
  );
}

/** Throws DamageError unless the pointer names exactly this version, and the gate let that version pass. */
export function checkChallenger(pointer: ChallengerPointer, record: VersionRecord): void {
  checkPointer(pointer, record, challengerFile(record.model));
}

/** `as a shadow`, or `on 10% of the requests`. */
export function challengeWords({ mode, share }: Pick<ChallengerPointer, "mode" | "share">): string {
  return mode === "shadow" ? "as a shadow" : `on ${sharePercent(share)} of the requests`;
}

/** `10%`, without the noise of binary fractions. */
function sharePercent(share: number | null): string {
  return `${Number(((share ?? 0) * 100).toPrecision(12))}%`;
}
