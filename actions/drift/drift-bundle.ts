import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseUtc } from "../../pipelines/config/utc-time.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { readDriftEntry } from "../../pipelines/handover/drift-handover.ts";
import type { DriftEntry } from "../../pipelines/watch/drift/model-drift.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";
import type { Action } from "../shared/action.ts";
import { downloadArtifacts, uploadFolder } from "../shared/github/artifact.ts";
import type { GitHubContext } from "../shared/github/context.ts";

/** With the length of its name, so that none begins another's: `staging-eu` is not `staging` of a model `eu-…`. */
function prefixIn(environment: string): string {
  return environment === "production" ? "mergeml-drift-" : `mergeml-soak-${environment.length}-${environment}-`;
}

/** Uploads what a job found in an environment, a file for each model. */
export async function uploadDrift(entries: readonly DriftEntry[], environment: string): Promise<void> {
  const [first] = entries;
  if (!first) return;
  const folder = await mkdtemp(join(tmpdir(), "mergeml-drift-"));
  try {
    for (const entry of entries) await writeAside(join(folder, `${entry.model}.json`), `${JSON.stringify(entry)}\n`);
    await uploadFolder({ name: `${prefixIn(environment)}${first.model}`, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the jobs of this run found, by model. One that cannot be used is that model's error. */
export async function downloadDrift(
  context: GitHubContext,
  environment = "production",
): Promise<Map<string, DriftEntry>> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-drift-"));
  try {
    const found = new Map<string, DriftEntry>();
    for (const artifact of await downloadArtifacts(context, { prefix: prefixIn(environment), folder })) {
      const files = (await readdir(artifact.folder)).filter((file) => /^[a-z0-9-]+\.json$/.test(file));
      for (const file of files) found.set(file.slice(0, -5), await readDriftEntry(artifact.folder, file));
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The `now` input; the present when it is empty. */
export function momentOf(action: Action, clock: { now(): Date }): Date {
  const text = action.input("now");
  if (text === "") return clock.now();
  const moment = parseUtc(text);
  if (moment !== null) return new Date(moment);
  throw new UserError({ message: `input now is "${text}", not a moment`, hint: "write it like 2001-06-15, in UTC" });
}
