import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downloadFile, type ObjectStorage, uploadFile } from "../../../pipelines/data/object-storage/object-storage.ts";
import { ServerError } from "../../../pipelines/data/object-storage/send-request.ts";
import { type Fault, startFaultyProxy } from "../faulty-proxy.ts";
import { type StorageServer, secretKey, startAzure, startS3 } from "../object-storage.ts";
import { scratchFolder } from "../start-server.ts";

const bytes = (text: string) => Buffer.from(text);
const keys = async (storage: ObjectStorage, prefix: string) => {
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  return found;
};

describe.each([
  ["S3", startS3],
  ["Azure", startAzure],
] as const)("%s", (_name, start) => {
  let server: StorageServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("puts, looks at, gets, lists and deletes", async () => {
    const storage = server.open();
    const key = "one/ä b+c%20&<.txt";
    expect(await storage.head(key)).toBeNull();
    expect(await storage.get(key)).toBeNull();
    expect(await storage.put(key, bytes("hello"))).toBe(true);
    await storage.put("one/b", bytes(""));
    await storage.put("other", bytes("x"));
    const facts = (await storage.head(key))!;
    expect(facts).toMatchObject({ key, bytes: 5 });
    expect(Math.abs(facts.modified.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await storage.get(key)).toEqual(bytes("hello"));
    expect(await storage.get(key, { range: { start: 1, length: 3 } })).toEqual(bytes("ell"));
    expect(await storage.get(key, { etag: facts.etag })).toEqual(bytes("hello"));
    await storage.put(key, bytes("changed"));
    expect(await storage.get(key, { etag: facts.etag })).toBeNull();
    expect((await keys(storage, "one/")).sort()).toEqual(["one/b", key]);
    for await (const listed of storage.list("one/")) expect(listed).toEqual(await storage.head(listed.key));
    await storage.delete(key);
    await storage.delete(key);
    expect(await keys(storage, "one/")).toEqual(["one/b"]);
  });

  test("lists more than a page", async () => {
    const storage = server.open();
    const names = Array.from({ length: 1_050 }, (_, at) => `many/${String(at).padStart(4, "0")}`);
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((key) => storage.put(key, bytes("x"))));
    expect(await keys(storage, "many/")).toEqual(names);
  });

  test("writes once where it is asked to", async () => {
    const storage = server.open();
    const writers = Array.from({ length: 8 }, (_, at) =>
      storage.put("once", bytes(`writer ${at}`), { ifAbsent: true }),
    );
    expect((await Promise.all(writers)).filter(Boolean)).toHaveLength(1);
    expect(await storage.put("once", bytes("later"), { ifAbsent: true })).toBe(false);
  });

  test("sends and reads a file in parts, through every kind of fault", async () => {
    await using folder = await scratchFolder("transfer");
    const [from, to] = [join(folder.path, "from"), join(folder.path, "to")];
    const content = randomBytes(37 * 1024 * 1024 + 5);
    await writeFile(from, content);
    const kinds: Fault[] = ["cut-request", "500", "lost-answer", "503", "cut-answer"];
    // Every other request fails, each time in the next way.
    await using proxy = await startFaultyProxy(server.endpoint, ({ count }) =>
      count % 2 === 0 ? kinds[(count / 2) % kinds.length]! : null,
    );
    const storage = server.open({ endpoint: proxy.endpoint, patience: { attempts: 12, firstWait: 0.02 } });
    await uploadFile(storage, "large", { path: from, bytes: content.length });
    const facts = (await storage.head("large"))!;
    expect(facts.bytes).toBe(content.length);
    expect(await downloadFile(storage, facts, to)).toBe(`sha256:${createHash("sha256").update(content).digest("hex")}`);
    expect((await readFile(to)).equals(content)).toBe(true);
    expect(proxy.faults()).toBeGreaterThan(5);
    await server.open().put("large", bytes("another"));
    expect(await downloadFile(storage, facts, to)).toBeNull();
  });

  test("shows nothing of an upload that was not finished", async () => {
    const storage = server.open();
    const upload = await storage.startUpload("half/one");
    await upload.put(1, randomBytes(6 * 1024 * 1024));
    expect(await storage.head("half/one")).toBeNull();
    expect(await keys(storage, "half/")).toEqual([]);
    for (const leftover of await storage.leftovers("half/")) await leftover.remove();
    expect(await storage.leftovers("half/")).toEqual([]);
  });

  test("says that it cannot be reached, and never a secret", async () => {
    const away = server.open({
      endpoint: "http://127.0.0.1:9/devstoreaccount1",
      patience: { attempts: 2, firstWait: 0.01 },
    });
    const error = await away.get("x").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ServerError);
    expect((error as Error).message).toContain("cannot be reached");
    expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toContain(secretKey);
  });

  test("says what credentials it wants when there are none", async () => {
    const message = await server
      .open({ env: {} })
      .put("x", bytes("x"))
      .catch((error: Error) => error.message);
    expect(message).toMatch(/there are no credentials: set A\w+/);
  });
});

test("S3: corrects a clock that is wrong, and names a wrong key without telling it", async () => {
  await using server = await startS3();
  const { openS3 } = await import("../../../pipelines/data/object-storage/s3.ts");
  const { openAwsCredentials } = await import("../../../pipelines/data/object-storage/credentials.ts");
  const clock = { now: () => new Date(Date.now() + 3 * 3600_000) };
  const open = (env: Record<string, string>) =>
    openS3({
      bucket: "acme-models",
      region: "us-east-1",
      endpoint: server.endpoint,
      credentials: openAwsCredentials("env", env, clock),
      signedIn: true,
      clock,
    });
  const storage = open(server.env);
  await storage.put("late", bytes("x"));
  expect(await storage.get("late")).toEqual(bytes("x"));
  const wrong = { ...server.env, AWS_SECRET_ACCESS_KEY: "wrong-wrong-wrong-wrong" };
  const message = await open(wrong)
    .get("late")
    .catch((error: Error) => error.message);
  expect(message).toContain("AWS_SECRET_ACCESS_KEY is not that of AWS_ACCESS_KEY_ID");
  expect(message).not.toContain("wrong-wrong");
});
