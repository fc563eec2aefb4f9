import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WatchedProcess } from "../../ports/process/watched-process.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import { profileFile } from "../../watch/profile/profile-file.ts";
import type { ServedPair } from "../served-model.ts";
import type { LiveFindings, LookJob } from "./look-at-log.ts";

interface LookPlace {
  /** The model's folder of the log. */
  folder: string;
  /** The registry as it is served. */
  snapshot: Pick<Snapshot, "versionFile">;
  now: Date;
  /** Ends it. */
  signal: AbortSignal;
}

/** What a look may use: a small part of a machine, so that it can be run beside what answers. */
const limits = { memory_gb: 0.5, threads: 1, seconds: 60 };
/** Seconds until it is killed, should the engine not stop by itself. */
const patience = 90;
const gigabyte = 2 ** 30;
/** Of the log's files, read at one look. */
const mostBytes = 32 * 2 ** 20;

/** Looks at a model's log in a process of its own; null when it has no log yet. Throws Error when it cannot be read. */
export async function lookApart(
  pair: ServedPair,
  { folder, snapshot, now, signal }: LookPlace,
): Promise<LiveFindings | null> {
  if (!existsSync(folder)) return null;
  const { record } = pair.production;
  const profile = await snapshot.versionFile(record.model, record.version, profileFile);
  const staging = await mkdtemp(join(tmpdir(), "mergeml-look-"));
  try {
    await using apart = new WatchedProcess(new URL("./look-process.ts", import.meta.url), 4 * gigabyte);
    signal.addEventListener("abort", () => void apart[Symbol.asyncDispose](), { once: true });
    await apart.ready();
    const job: LookJob = {
      folder: await realpath(folder),
      staging: await realpath(staging),
      production: record,
      profile: profile && Buffer.from(profile).toString("utf8"),
      challenger: challengerIn(pair),
      ...{ now, limits, bytes: mostBytes },
    };
    return (await apart.ask(job, { seconds: patience, bytes: gigabyte })) as LiveFindings;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function challengerIn({ challenger }: ServedPair): LookJob["challenger"] {
  if (challenger === null) return null;
  const { model, share } = challenger;
  return { record: model.record, arm: share === null ? "shadow" : "challenger", since: model.placement.since };
}
