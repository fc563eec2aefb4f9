import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256 } from "../../../pipelines/config/canonical-json.ts";
import type { ObjectFacts, ObjectStorage } from "../../../pipelines/data/object-storage/object-storage.ts";
import { openBucketStore } from "../../../pipelines/data/stores/bucket-store.ts";
import type { NewItem } from "../../../pipelines/data/stores/remote-store.ts";
import { type StorageServer, startS3 } from "../object-storage.ts";
import { scratchFolder } from "../start-server.ts";

let server: StorageServer;
beforeAll(async () => {
  server = await startS3();
});
afterAll(() => server[Symbol.asyncDispose]());

async function all<T>(given: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of given) found.push(each);
  return found;
}

/** A real bucket whose listings are those of a moment ago: of before the last changes. */
function late(storage: ObjectStorage) {
  const shown = new Map<string, ObjectFacts[]>();
  const list = async function* (prefix: string) {
    yield* shown.get(prefix) ?? [];
  };
  const catchUp = async (...prefixes: string[]) => {
    for (const prefix of prefixes) shown.set(prefix, await all(storage.list(prefix)));
  };
  return { storage: { ...storage, list }, catchUp };
}

test("a bucket whose listing is late loses nothing, shows nothing that is gone, and takes nothing twice", async () => {
  await using folder = await scratchFolder("late");
  const { storage, catchUp } = late(server.open());
  const store = openBucketStore(storage, "late", "s3://acme-models");
  const file = join(folder.path, "content");
  const put = async (text: string): Promise<NewItem> => {
    await writeFile(file, text);
    const name = sha256(text);
    const labels = { repositories: ["acme/models"] };
    const item = { name, bytes: text.length, sha256: name, ref: null, labels };
    await store.put(item, file, folder.path);
    return item;
  };
  const listed = () => all(store.list());
  const first = await put("first");
  expect(await listed()).toEqual([]); // not yet
  expect(await store.find(first.name)).toMatchObject(first); // what is asked for by name is there
  await catchUp("late/index/", "late/content/");
  const second = await put("second");
  // Content of an upload that is not in the listing yet, and an old one that is: neither is taken for a leftover.
  expect(await store.sweep(new Date(Date.now() + 3600_000))).toBe(0);
  expect(await store.get((await store.find(second.name))!, file)).not.toBeNull();
  const [item] = await listed();
  await store.delete(item!);
  expect(await store.find(first.name)).toBeNull();
  expect(await listed()).toEqual([]); // its name is still in the listing
  await store.delete(item!); // and asking again does no harm
  expect(await store.get(item!, file)).toBeNull();
  await catchUp("late/index/", "late/content/");
  expect((await listed()).map(({ name }) => name)).toEqual([second.name]);
});
