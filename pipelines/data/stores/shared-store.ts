import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError } from "../../errors/expected-error.ts";
import type { Log } from "../../ports/host.ts";
import type { DatasetStore, SharedStore } from "../dataset-store.ts";
import { hashBytes, hashFile } from "../hash-file.ts";
import { isRefusal } from "../object-storage/send-request.ts";
import { differsFrom } from "./check-content.ts";
import type { ItemLabels, RemoteStore, StoredItem } from "./remote-store.ts";

interface Place {
  /** Copies on this machine. */
  local: DatasetStore;
  remote: RemoteStore;
  /** This repository, as others know it. */
  repository(): Promise<string>;
  log: Log;
}

/**
 * The store that other machines read, with copies on this one: what is trained is written to the copies, sent before anything
 * points to it, and fetched by whoever lacks it. Nothing is taken before its content is what its name says.
 */
export function openSharedStore(place: Place): DatasetStore {
  const { local, remote } = place;
  const find = findingOrWarning(place);
  const fetching = new Map<string, Promise<void>>();
  const fetchOnce = (name: string) => {
    const running = fetching.get(name) ?? fetchDataset(place, name).finally(() => fetching.delete(name));
    fetching.set(name, running);
    return running;
  };
  return {
    ...local,
    title: remote.title,
    durable: true,
    shared: shareOf(place),
    has: async (name) => (await local.has(name)) || (await find(name)) !== null,
    async path(name) {
      if (!(await local.has(name))) await fetchOnce(name);
      return local.path(name);
    },
    async putBlob(bytes) {
      const name = await local.putBlob(bytes);
      await pushBlob(place, name, bytes);
      await confirm(place, name);
      return name;
    },
    readBlob: (name) => local.readBlob(name).catch(() => fetchBlob(place, name)),
    readStep: (name) => fetchStep(place, name, find),
    writeStep: (name, sealed) => pushStep(place, name, sealed),
    stepFolder: null,
  };
}

type Find = (name: string) => Promise<StoredItem | null>;

/** A store that this job may not read is one that does not have it: a fork's job has no secret, and says so once. */
function findingOrWarning({ remote, log }: Place): Find {
  let told = false;
  return async (name) => {
    try {
      return await remote.find(name);
    } catch (error) {
      if (remote.signedIn || !isRefusal(error)) throw error;
      if (!told) log.warn(`${error.message}. Going on without what is stored there`);
      told = true;
      return null;
    }
  };
}

/** An item that nothing renewed for so long is renewed when it is put again, so that gc does not take it for forgotten. */
const renewAfterMs = 12 * 3600_000;

function shareOf(place: Place): SharedStore {
  const { local, remote, repository } = place;
  return {
    remote,
    repository,
    async push(name, labels = {}) {
      const there = await remote.find(name);
      if (there) return { name, sent: await keepAlive(place, there) };
      const file = await local.path(name);
      const [{ size }, ref] = await Promise.all([stat(file), local.ref(name)]);
      const sha256 = hashFile(file); // while it is sent
      sha256.catch(() => {}); // who sends it awaits it
      await using staging = await local.staging();
      const own = { ...labels, repositories: [await repository()] };
      await remote.put({ name, bytes: size, sha256, ref, labels: own }, file, staging.path);
      return { name, sent: size };
    },
    async label(name, labels) {
      const item = remote.tellsVersions ? await remote.find(name) : null;
      if (item && item.labels.version === undefined) await remote.renew(item, { ...item.labels, ...labels });
    },
    confirm: (name) => confirm(place, name),
  };
}

/** Sends no content. */
async function keepAlive({ remote, repository }: Place, item: StoredItem): Promise<0> {
  const { repositories } = item.labels;
  const own = await repository();
  const isOurs = repositories.includes(own);
  if (isOurs && remote.now().getTime() - item.stored.getTime() < renewAfterMs) return 0;
  const labels: ItemLabels = { ...item.labels, repositories: isOurs ? repositories : [...repositories, own] };
  await remote.renew(item, labels);
  return 0;
}

async function pushBlob(place: Place, name: string, bytes: Uint8Array): Promise<void> {
  const there = await place.remote.find(name);
  await (there ? keepAlive(place, there) : putBytes(place, name, bytes));
}

async function putBytes({ local, remote, repository }: Place, name: string, bytes: Uint8Array): Promise<void> {
  await using staging = await local.staging();
  const file = join(staging.path, "content");
  await writeFile(file, bytes);
  const labels = { repositories: [await repository()] };
  await remote.put(
    { name, bytes: bytes.length, sha256: await hashBytes(bytes), ref: null, labels },
    file,
    staging.path,
  );
}

/** One that is there was not taken for good, or it would not be computed again: it goes. */
async function pushStep(place: Place, name: string, sealed: Uint8Array): Promise<void> {
  const there = await place.remote.find(name);
  if (there) await place.remote.delete(there);
  await putBytes(place, name, sealed);
}

/** Results of steps that are larger, in bytes, are nobody's: they are read whole. */
const largestStep = 1024 ** 3;

async function fetchStep({ local, remote }: Place, name: string, find: Find): Promise<Uint8Array | null> {
  const item = await find(name);
  if (item === null || item.bytes > largestStep) return null;
  await using staging = await local.staging();
  const file = join(staging.path, "step");
  return (await remote.get(item, file)) ? await readFile(file) : null; // before the file goes
}

/** An item, and the `sha256:…` of what was read of it; null for rows that a database wrote anew. */
type ReadItem = StoredItem & { received: string | null };

/** Reads an item into a file and throws unless it is whole; once more when what arrives is not what was sent. */
async function getWhole({ remote }: Place, name: string, file: string): Promise<ReadItem> {
  let wrong = "it is gone";
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const item = await remote.find(name);
    if (item === null) throw notThere(remote, name);
    const received = await remote.get(item, file);
    if (received === null) continue;
    const expected = name.startsWith("sha256:") ? name : item.sha256;
    if (expected === null || received.sha256 === expected) return { ...item, received: received.sha256 };
    wrong = `its content is ${received.sha256}, and was ${expected} when it was sent`;
  }
  throw changed(remote, name, wrong);
}

async function fetchDataset(place: Place, name: string): Promise<void> {
  const { local, remote, log } = place;
  await using staging = await local.staging();
  const file = join(staging.path, "fetched.parquet");
  log.info(`fetching ${name} from ${remote.title}`);
  const { ref } = await getWhole(place, name, file);
  const wrong = await wrongRows(name, ref, file);
  if (ref === null || wrong !== null) throw changed(remote, name, wrong ?? "");
  await local.putParquet(name, ref, file);
}

async function wrongRows(name: string, ref: StoredItem["ref"], file: string): Promise<string | null> {
  if (ref === null || ref.fingerprint !== name) return "what is written down beside it is of another dataset";
  return differsFrom(ref, file);
}

async function fetchBlob({ local, ...place }: Place, name: string): Promise<Uint8Array> {
  await using staging = await local.staging();
  const file = join(staging.path, "content");
  await getWhole({ local, ...place }, name, file);
  const bytes = await readFile(file);
  await local.putBlob(bytes);
  return bytes;
}

/** A dataset whose bytes are those of the copy here has its rows; of another copy they are counted and hashed anew. */
async function confirm(place: Place, name: string): Promise<void> {
  const { local, remote } = place;
  await using staging = await local.staging();
  const file = join(staging.path, "read-back");
  const isDataset = name.startsWith("fp:");
  const ownHash = async () => (isDataset && (await local.has(name)) ? hashFile(await local.path(name)) : null);
  const [own, { ref, received }] = await Promise.all([ownHash(), getWhole(place, name, file)]);
  if (!isDataset) return;
  const found = received ?? (own === null ? null : await hashFile(file));
  if (own !== null && own === found && ref?.fingerprint === name) return;
  const wrong = await wrongRows(name, ref, file);
  if (wrong !== null) throw changed(remote, name, wrong);
}

function notThere({ title }: RemoteStore, name: string): EnvironmentError {
  return new EnvironmentError(`${name} is not in the dataset store: ${title} does not have it`, {
    tried: "to read it from the dataset store",
    safe: "nothing was changed; mergeml store push sends it from a machine that has it, and running the training again makes it anew",
  });
}

function changed({ title }: RemoteStore, name: string, wrong: string): EnvironmentError {
  return new EnvironmentError(`${title} does not give ${name} back as it was put there: ${wrong}`, {
    tried: "to read it from the dataset store and compare it with its hash",
    safe: "it was not used, and nothing points to it anew; delete it there and push it from a machine that has it",
  });
}
