import { randomBytes } from "node:crypto";
import { EnvironmentError } from "../../errors/expected-error.ts";
import { downloadFile, type ObjectStorage, uploadFile } from "../object-storage/object-storage.ts";
import { type ItemRecord, readItemRecord, writeItemRecord } from "./item-record.ts";
import { itemNameOf, type NewItem, plainItemName, type RemoteStore, type StoredItem } from "./remote-store.ts";

interface FoundItem extends StoredItem {
  content: string;
}

/** Records that are read at once. */
const lanes = 8;

/**
 * A store in a bucket: the content of each upload under a key of its own, and `index/<name>.json`, written last and once, that
 * says which is the item. So an upload that ends early shows nothing, and two of the same item do not meet. `address` is that of
 * the bucket itself, as others write it.
 */
export function openBucketStore(storage: ObjectStorage, prefix: string, address: string): RemoteStore {
  const root = prefix === "" ? "" : `${prefix.replace(/\/+$/, "")}/`;
  const indexKey = (name: string) => `${root}index/${plainItemName(name)}.json`;
  const find = async (name: string): Promise<FoundItem | null> => {
    const key = indexKey(name);
    const facts = await storage.head(key);
    const bytes = facts && (await storage.get(key));
    if (!facts || !bytes) return null;
    const record = readItemRecord(Buffer.from(bytes).toString("utf8"), name);
    if (record === null) throw damaged(storage, key);
    return { ...record, stored: facts.modified };
  };
  const known = async (item: StoredItem) => ("content" in item ? (item as FoundItem) : find(item.name));
  return {
    title: storage.title,
    signedIn: storage.signedIn,
    now: storage.now,
    find,
    list: () => listItems(storage, `${root}index/`, find),
    async put(item, file) {
      const content = contentKey(root, item);
      await uploadFile(storage, content, { path: file, bytes: item.bytes });
      const record = Buffer.from(writeItemRecord({ ...item, sha256: await item.sha256, content }));
      if (await storage.put(indexKey(item.name), record, { ifAbsent: true })) return;
      // The answer may have been lost when our own record was written.
      const first = await find(item.name);
      if (first?.content !== content) await storage.delete(content);
    },
    async get(item, file) {
      const found = await known(item);
      const sha256 = found && (await downloadFile(storage, { key: found.content, bytes: found.bytes }, file));
      return sha256 === null ? null : { sha256 };
    },
    async renew(item, labels) {
      const found = await known(item);
      if (found === null) return;
      const { stored: _stored, ...record } = { ...found, labels };
      await storage.put(indexKey(item.name), Buffer.from(writeItemRecord(record as ItemRecord)));
    },
    async delete(item) {
      const found = await find(item.name);
      // One that was renewed since it was listed is in use.
      if (found === null || found.stored.getTime() !== item.stored.getTime()) return;
      await storage.delete(indexKey(item.name));
      await storage.delete(found.content);
    },
    async publish(folder, files) {
      for (const { path, content } of files) await storage.put(`${root}${folder}/${path}`, Buffer.from(content));
      return `${address}/${root}${folder}/`;
    },
    sweep: (before) => sweepContent(storage, root, find, before),
    async [Symbol.asyncDispose]() {},
  };
}

/** Of no use to anybody but who made it, until a record names it. */
function contentKey(root: string, { name, ref }: Pick<NewItem, "name" | "ref">): string {
  const extension = ref ? ".parquet" : name.startsWith("sha256:") ? ".onnx" : "";
  return `${root}content/${plainItemName(name)}/${randomBytes(8).toString("hex")}${extension}`;
}

async function* listItems(
  storage: ObjectStorage,
  prefix: string,
  find: (name: string) => Promise<FoundItem | null>,
): AsyncGenerator<StoredItem> {
  let reading: Promise<FoundItem | null>[] = [];
  for await (const { key } of storage.list(prefix)) {
    const name = itemNameOf(key.slice(prefix.length).replace(/\.json$/, ""));
    if (name === null) continue;
    reading.push(find(name));
    if (reading.length < lanes) continue;
    yield* (await Promise.all(reading)).filter((item) => item !== null);
    reading = [];
  }
  yield* (await Promise.all(reading)).filter((item) => item !== null);
}

/** Content that no record names: of uploads that ended early, or whose item was put by another first. */
async function sweepContent(
  storage: ObjectStorage,
  root: string,
  find: (name: string) => Promise<FoundItem | null>,
  before: Date,
): Promise<number> {
  let removed = 0;
  const prefix = `${root}content/`;
  for await (const { key, modified } of storage.list(prefix)) {
    const name = itemNameOf(key.slice(prefix.length).replace(/\/.*$/s, ""));
    if (modified >= before || name === null || (await find(name))?.content === key) continue;
    await storage.delete(key);
    removed += 1;
  }
  for (const leftover of await storage.leftovers(prefix)) {
    if (leftover.started >= before) continue;
    await leftover.remove();
    removed += 1;
  }
  return removed;
}

function damaged({ title }: ObjectStorage, key: string): EnvironmentError {
  return new EnvironmentError(`${key} in ${title} is not what mergeml writes there`, {
    tried: "to read what the store has under that name",
    safe: "nothing was changed; delete that object and push the dataset again from a machine that has it",
  });
}
