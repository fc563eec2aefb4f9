import type { ItemLabels } from "./data/stores/remote-store.ts";
import { EnvironmentError } from "./errors/expected-error.ts";
import { packRegistered, publishPacked } from "./pack-version.ts";
import type { PromoteOptions, PromoteResult } from "./registry/promote.ts";
import { referenceFile } from "./registry/stored-model.ts";
import type { CandidateRecord } from "./registry/version-record.ts";
import { formatCount } from "./statistics/format-number.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** A dataset of a version, and what it is called in the store. */
export interface KeptDataset {
  name: string;
  labels: Pick<ItemLabels, "model" | "split">;
}

/** The three datasets that a version stands on. */
export function datasetsOf({ config, train, test, predictions }: CandidateRecord): KeptDataset[] {
  const sets = { train, test, predictions };
  return (["train", "test", "predictions"] as const).map((split) => ({
    name: sets[split].fingerprint,
    labels: { model: config.name, split },
  }));
}

/**
 * Sends a candidate's datasets to the store and reads each back by its hash, before anything points to them. Where the store is
 * a folder of this machine there is nothing to do. Throws EnvironmentError when one is neither here nor there.
 */
export async function keepDatasets({ store, log }: Workspace, candidate: CandidateRecord): Promise<void> {
  const { shared } = store;
  if (shared === null) return;
  await log.step(
    "keep",
    async () => {
      let sent = 0;
      for (const { name, labels } of datasetsOf(candidate)) {
        sent += (await shared.push(name, labels)).sent;
        await shared.confirm(name);
      }
      return sent;
    },
    (sent) => `${formatCount(Math.ceil(sent / 1024))} kB sent to ${store.title}, train, test and predictions read back`,
  );
}

/** Tells people who look into the store which version has these datasets; never fails, as nothing depends on it. */
export async function labelDatasets(
  { store: { shared }, log }: Workspace,
  candidate: CandidateRecord,
  version: number,
): Promise<void> {
  if (shared === null) return;
  try {
    for (const { name } of datasetsOf(candidate)) await shared.label(name, { version });
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.warn(`the store does not say which version its datasets belong to: ${error.message}`);
  }
}

/** Puts a version into production, or into another environment, once its model and its datasets were read from where other machines read them. */
export async function promoteVersion(
  workspace: Workspace,
  model: string,
  version: number,
  options: PromoteOptions = {},
): Promise<PromoteResult> {
  const { registry, store } = workspace;
  if (store.shared) {
    const snapshot = await registry.snapshot({ fetch: true });
    const record = await snapshot.record(model, version);
    const { candidate, files } = record;
    await keepDatasets(workspace, candidate);
    await packRegistered(workspace, snapshot, record);
    await publishPacked(workspace, record);
    if (files[referenceFile] !== undefined) await store.shared.confirm(candidate.model.sha256);
  }
  return registry.promote(model, version, options);
}
