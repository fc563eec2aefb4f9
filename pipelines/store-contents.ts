import { join } from "node:path";
import type { RemoteStore, StoredItem } from "./data/stores/remote-store.ts";
import { EnvironmentError, UserError } from "./errors/expected-error.ts";
import { datasetsOf } from "./keep-version.ts";
import { packedName, packRegistered, publishPacked, readPacked } from "./pack-version.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { referenceFile } from "./registry/stored-model.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Something that a version stands on, by its name in the store. */
export interface NeededItem {
  name: string;
  /** `train`, `test`, `predictions`, `model` where it is too large for git, or `version`: all of it as one artifact. */
  part: string;
  model: string;
  version: number;
}

/** What came of one of them. `problem` is null when all is well. */
export interface CheckedItem extends NeededItem {
  /** Bytes that were sent or fetched. */
  bytes: number;
  problem: string | null;
  /** Where a version was written to. */
  folder?: string;
}

/** Versions of the registry to look at: all of some models, or one. */
export interface VersionChoice {
  model: string;
  version: number | null;
}

/** What versions stand on; of all models when none is chosen. Where the store takes whole versions, they are among it. */
async function neededItems(
  snapshot: Snapshot,
  { versions }: Pick<RemoteStore, "versions">,
  choices: readonly VersionChoice[],
): Promise<NeededItem[]> {
  const chosen = choices.length > 0 ? choices : (await snapshot.models()).map((model) => ({ model, version: null }));
  const needed: NeededItem[] = [];
  for (const { model, version } of chosen) {
    for (const record of await snapshot.records(model))
      if (version === null || record.version === version)
        needed.push(...itemsOf(record), ...(versions ? [packedItem(record)] : []));
  }
  return needed;
}

function itemsOf({ model, version, candidate, files }: VersionRecord): NeededItem[] {
  const datasets = datasetsOf(candidate).map(({ name, labels }) => ({
    name,
    part: labels.split ?? "",
    model,
    version,
  }));
  const stored = files[referenceFile] !== undefined;
  return stored ? [...datasets, { name: candidate.model.sha256, part: "model", model, version }] : datasets;
}

function packedItem(record: VersionRecord): NeededItem {
  return { name: packedName(record), part: "version", model: record.model, version: record.version };
}

/** Each name once, with the first that needs it. */
function distinct(needed: readonly NeededItem[]): NeededItem[] {
  return [...new Map(needed.toReversed().map((item) => [item.name, item])).values()].toReversed();
}

/** Sends what is on this machine and not yet in the store; what is neither here nor there is a problem. */
export async function pushItems(workspace: Workspace, choices: readonly VersionChoice[]): Promise<CheckedItem[]> {
  const { registry, store } = workspace;
  const shared = requireShared(workspace);
  const snapshot = await registry.snapshot({ fetch: true });
  const needed = distinct(await neededItems(snapshot, shared.remote, choices));
  return checkEach(needed, async ({ name, part, model, version }) => {
    if (part === "version") {
      const record = await snapshot.record(model, version);
      const sent = await packRegistered(workspace, snapshot, record);
      await publishPacked(workspace, record);
      return sent;
    }
    if (part === "model") {
      await store.putBlob(await store.readBlob(name));
      return 0;
    }
    const labels = { model, version, split: part as "train" | "test" | "predictions" };
    return (await shared.push(name, labels)).sent;
  });
}

/** Fetches what is not on this machine yet; whole versions into `.mergeml/store/versions`. */
export async function pullItems(workspace: Workspace, choices: readonly VersionChoice[]): Promise<CheckedItem[]> {
  const { registry, store, root } = workspace;
  const { remote } = requireShared(workspace);
  const snapshot = await registry.snapshot({ fetch: true });
  const needed = distinct(await neededItems(snapshot, remote, choices));
  const folderOf = ({ model, version }: NeededItem) => join(".mergeml/store/versions", model, String(version));
  const pulled = await checkEach(needed, async (item) => {
    const { name, part, model, version } = item;
    if (part === "version" && remote.versions)
      return readPacked(workspace, remote.versions, await snapshot.record(model, version), join(root, folderOf(item)));
    if (part === "model") return (await store.readBlob(name)).length;
    if (await store.isHere(name)) return 0;
    await store.path(name);
    return (await remote.find(name))?.bytes ?? 0;
  });
  return pulled.map((item) =>
    item.part === "version" && item.problem === null ? { ...item, folder: folderOf(item) } : item,
  );
}

/** Reads back all that versions stand on, and compares it with its hash. */
export async function verifyItems(workspace: Workspace, choices: readonly VersionChoice[]): Promise<CheckedItem[]> {
  const { registry } = workspace;
  const shared = requireShared(workspace);
  const { versions } = shared.remote;
  const snapshot = await registry.snapshot({ fetch: true });
  const needed = distinct(await neededItems(snapshot, shared.remote, choices));
  return checkEach(needed, async ({ name, part, model, version }) => {
    if (part === "version" && versions) return readPacked(workspace, versions, await snapshot.record(model, version));
    await shared.confirm(name);
    return 0;
  });
}

/** A server that is away ends it; what is missing or damaged is told, and the next looked at. */
async function checkEach(
  needed: readonly NeededItem[],
  work: (item: NeededItem) => Promise<number>,
): Promise<CheckedItem[]> {
  const checked: CheckedItem[] = [];
  for (const item of needed) {
    try {
      checked.push({ ...item, bytes: await work(item), problem: null });
    } catch (error) {
      if (!(error instanceof EnvironmentError) || "facts" in error) throw error;
      checked.push({ ...item, bytes: 0, problem: error.message });
    }
  }
  return checked;
}

/** What is in the store, and which versions need it. */
export async function listItems(workspace: Workspace): Promise<(StoredItem & { needed: NeededItem[] })[]> {
  const { remote } = requireShared(workspace);
  const needed = await neededItems(await workspace.registry.snapshot({ fetch: true }), remote, []);
  const found: (StoredItem & { needed: NeededItem[] })[] = [];
  for await (const item of remote.list())
    found.push({ ...item, needed: needed.filter(({ name }) => name === item.name) });
  return found;
}

function requireShared({ store }: Pick<Workspace, "store">) {
  if (store.shared) return store.shared;
  throw new UserError({
    message: `the dataset store is ${store.title}, which no other machine reads`,
    hint: "name one in mergeml.yaml, e.g. store: oci://ghcr.io/acme/models, or store: s3://acme-models/store?region=eu-central-1",
    key: "store",
  });
}
