import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeScratch, type Scratch } from "../../scratch.ts";
import { type StoreServer, storeServers } from "./store-servers.ts";

/** A manifest, as any client of a registry reads it. */
interface Manifest {
  mediaType: string;
  artifactType: string;
  config: { mediaType: string; digest: string };
  layers: { mediaType: string; digest: string; size: number; annotations: Record<string, string> }[];
  annotations: Record<string, string>;
}

let server: StoreServer;
let scratch: Scratch;
let registry: string;
let authorization: string;

beforeAll(async () => {
  server = await storeServers.find(({ name }) => name === "a registry")!.start();
  registry = `${server.endpoint}/v2/acme/versions`;
  const { auths } = JSON.parse(server.env().DOCKER_AUTH_CONFIG!) as { auths: Record<string, { auth: string }> };
  authorization = `Basic ${auths[new URL(registry).host]!.auth}`;
  scratch = makeScratch();
  Object.assign(scratch.env, server.env());
  scratch.write("mergeml.yaml", server.config("versions"));
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Name a store");
  scratch.git("push", "-q");
  await scratch.facts(["init"]);
  const { code, stderr } = await scratch.mergeml("run", "rent");
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("rent@1 is one artifact in the registry");
});
afterAll(async () => {
  scratch?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${registry}/${path}`, {
    ...init,
    headers: { authorization, accept: "application/vnd.oci.image.manifest.v1+json", ...init.headers },
  });
const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const tags = async () => ((await (await ask("tags/list")).json()) as { tags: string[] }).tags;

test("any client of the registry gets the version's folder, by its name", async () => {
  const answer = await ask("manifests/rent-v1");
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get("docker-content-digest")).toBe(digestOf(bytes));
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  expect(manifest).toMatchObject({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/vnd.cncf.model.manifest.v1+json",
    config: { mediaType: "application/vnd.cncf.model.config.v1+json" },
  });
  scratch.git("fetch", "-q", "origin", "registry");
  const folder = "models/rent/versions/1";
  const names = scratch.git("ls-tree", "--name-only", "origin/registry", `${folder}/`).trim().split("\n");
  const kinds: Record<string, string> = {};
  for (const { mediaType, digest, size, annotations } of manifest.layers) {
    const name = annotations["org.cncf.model.filepath"]!;
    kinds[name] = mediaType;
    expect(annotations["org.opencontainers.image.title"]).toBe(name);
    const content = Buffer.from(await (await ask(`blobs/${digest}`)).arrayBuffer());
    expect([digestOf(content), content.length]).toEqual([digest, size]);
    const oid = scratch.git("rev-parse", `origin/registry:${folder}/${name}`).trim();
    const header = Buffer.from(`blob ${content.length}\0`);
    expect(createHash("sha1").update(header).update(content).digest("hex"), name).toBe(oid);
  }
  expect(
    Object.keys(kinds)
      .map((name) => `${folder}/${name}`)
      .sort(),
  ).toEqual(names.sort());
  expect(kinds).toMatchObject({
    "model.onnx": "application/vnd.cncf.model.weight.v1.raw",
    MLmodel: "application/vnd.cncf.model.weight.config.v1.raw",
    "version.json": "application/vnd.cncf.model.weight.config.v1.raw",
    "MODEL_CARD.md": "application/vnd.cncf.model.doc.v1.raw",
  });
  const config = (await (await ask(`blobs/${manifest.config.digest}`)).json()) as Record<string, unknown>;
  expect(config).toMatchObject({
    descriptor: { name: "rent", version: "1", title: "rent version 1", description: "Monthly rent of a flat" },
    config: { architecture: "gradient-boosting", format: "onnx" },
    modelfs: { type: "layers", diffIds: manifest.layers.map(({ digest }) => digest) },
  });
});

test("another machine pulls it as it was registered, and refuses a changed one", async () => {
  scratch.clone("second", "main");
  const second = (...args: string[]) => scratch.mergeml("-C", "../second", ...args);
  const pulled = await second("store", "pull", "rent@1");
  expect(pulled.stdout).toContain("rent@1 is in .mergeml/store/versions/rent/1");
  const folder = join(scratch.folder, "second/.mergeml/store/versions/rent/1");
  const model = scratch.git("rev-parse", "origin/registry:models/rent/versions/1/model.onnx").trim();
  expect(scratch.git("hash-object", join(folder, "model.onnx")).trim()).toBe(model);
  expect(existsSync(join(folder, "MLmodel"))).toBe(true);
  // Somebody puts another artifact under its tag: of a model with other bytes.
  const [tag = ""] = (await tags()).filter((each) => each.startsWith("version-"));
  const good = Buffer.from(await (await ask(`manifests/${tag}`)).arrayBuffer());
  const manifest = JSON.parse(good.toString()) as Manifest;
  const [weights, card] = ["model.onnx", "MODEL_CARD.md"].map((name) =>
    manifest.layers.find(({ annotations }) => annotations["org.cncf.model.filepath"] === name),
  );
  const record = JSON.parse(manifest.annotations["org.mergeml.record"]!) as { bytes: number };
  record.bytes += card!.size - weights!.size;
  manifest.annotations["org.mergeml.record"] = JSON.stringify(record);
  Object.assign(weights!, { digest: card!.digest, size: card!.size });
  const put = (body: string | Buffer) =>
    ask(`manifests/${tag}`, {
      method: "PUT",
      body: body as string,
      headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
    });
  expect((await put(JSON.stringify(manifest))).status).toBe(201);
  const verified = await second("store", "verify");
  expect(verified.code).toBe(3);
  expect(verified.stdout).toContain("rent@1 version: the registry");
  expect(verified.stdout).toContain("as it was registered: model.onnx has other content");
  await put(good);
  expect((await second("store", "verify")).code).toBe(0);
});

test("a pointer moves only when the artifact is there, and one of before it is made by push and promote", async () => {
  const [tag = ""] = (await tags()).filter((each) => each.startsWith("version-"));
  const { headers } = await ask(`manifests/${tag}`, { method: "HEAD" });
  await ask(`manifests/${headers.get("docker-content-digest")}`, { method: "DELETE" });
  expect((await ask("manifests/rent-v1")).status).toBe(404);
  expect((await scratch.mergeml("store", "verify")).code).toBe(3);
  const pushed = await scratch.facts<{ bytes: number }>(["store", "push"]);
  expect(pushed.bytes).toBeGreaterThan(0);
  expect((await ask("manifests/rent-v1")).status).toBe(200);
  expect((await scratch.facts<{ bytes: number }>(["store", "push"])).bytes).toBe(0);
  expect((await scratch.mergeml("rollback", "rent")).code).toBe(0);
  expect((await scratch.mergeml("promote", "rent@1")).code).toBe(0);
  const listed = await scratch.mergeml("store", "ls");
  expect(listed.stdout).toMatch(/version +[\d,]+ kB .*rent@1/);
});

test("another repository's name for people stays, and what nobody registered ends", async () => {
  const before = await (await ask("manifests/rent-v1")).text();
  // The same model in a repository of another name, in the same store.
  const other = makeScratch();
  Object.assign(other.env, server.env());
  other.write("mergeml.yaml", server.config("versions"));
  other.git("add", ".");
  other.git("commit", "-qm", "Name a store");
  other.git("push", "-q");
  await other.facts(["init"]);
  const run = await other.mergeml("run", "rent");
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain("the tag rent-v1");
  expect(await (await ask("manifests/rent-v1")).text()).toBe(before);
  expect((await tags()).filter((each) => each.startsWith("version-"))).toHaveLength(2);
  for (const each of [scratch, other]) each.write("mergeml.yaml", `${server.config("versions")}gc_grace_days: 0\n`);
  const gone = await scratch.facts<{ shared: unknown[] }>(["store", "gc"]);
  expect(gone.shared).toEqual([]);
  expect((await tags()).filter((each) => each.startsWith("version-"))).toHaveLength(2);
  other.git("push", "-q", "origin", ":registry");
  other.git("update-ref", "-d", "refs/remotes/origin/registry");
  await other.facts(["init"]);
  // A store's clock tells whole seconds, and what was put there must be older than now.
  await sleep(1100);
  const own = await other.facts<{ shared: { name: string }[] }>(["store", "gc"]);
  expect(own.shared.filter(({ name }) => name.startsWith("version:"))).toHaveLength(1);
  expect((await tags()).filter((each) => each.startsWith("version-"))).toHaveLength(1);
  expect((await scratch.mergeml("store", "verify")).code).toBe(0);
  other[Symbol.dispose]();
});
