import { readFileSync, writeFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import { exportVersion } from "../../pipelines/export-version.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { predictRows } from "../../pipelines/predict.ts";
import { viewOfSnapshot } from "../../pipelines/registry/environment-view.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { productionOf } from "../../pipelines/registry/production.ts";
import { readVersionFiles } from "../../pipelines/registry/read-records.ts";
import { openRegistry, type Registry } from "../../pipelines/registry/registry.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { checkBundle } from "../../pipelines/registry/trust/check-bundle.ts";
import { openStatementSigner, type SigningPlace } from "../../pipelines/registry/trust/statement-signer.ts";
import type { RegistryTrust } from "../../pipelines/registry/trust/trust-policy.ts";
import { isAbout } from "../../pipelines/registry/trust/verdict-statement.ts";
import {
  pointerBundleFile,
  pointerFile,
  sealRecord,
  type VersionRecord,
  writeRecord,
} from "../../pipelines/registry/version-record.ts";
import { reproduceVersion } from "../../pipelines/reproduce.ts";
import { bringIntoService } from "../../pipelines/serving/following/bring-into-service.ts";
import { openScoringThreads } from "../../pipelines/serving/threads/scoring-threads.ts";
import { watchedModel } from "../../pipelines/watch/window-inputs.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { deploy, makeSandbox, type Sandbox, ticking } from "../registry/builders.ts";
import { byKey, byWorkflow, opsKey, otherKey, policyOf, trustOfKey } from "./builders.ts";
import { deployWorkflow, startSigstore } from "./sigstore-services.ts";

const policy = policyOf([byKey(opsKey.publicKey)]);
const signing = trustOfKey(policy, opsKey.privateKey);

async function sandboxWith(trust: RegistryTrust | null = signing): Promise<Sandbox> {
  const sandbox = makeSandbox(trust ? { trust } : {});
  onTestFinished(() => sandbox[Symbol.dispose]());
  await sandbox.registry.init();
  return sandbox;
}

/** The same registry, as somebody else sees it. */
function seenWith({ git, store }: Sandbox, trust?: RegistryTrust): Registry {
  return openRegistry({ git, store, branch: "registry", clock: ticking(), log: silentLog, random: () => 0, trust });
}

const messages = async (registry: Registry) =>
  (await registry.verify()).problems.map(({ message }) => message).join("\n");

/** What the issue tells: two plain pushes make a v3 with v1's bytes and an invented metric, sealed by mergeml's own code. */
async function forgeThird(sandbox: Sandbox, pointer = pointerFile("rent", "production")): Promise<void> {
  const checkout = sandbox.checkout("eve");
  const folder = (version: number) => join(checkout, `models/rent/versions/${version}`);
  await mkdir(folder(3), { recursive: true });
  await cp(folder(1), folder(3), { recursive: true });
  const { digest: _, ...first } = JSON.parse(readFileSync(join(folder(1), "version.json"), "utf8")) as VersionRecord;
  const record = sealRecord({ ...first, version: 3, pull_request: 41 });
  writeFileSync(join(folder(3), "version.json"), writeRecord(record));
  const push = (message: string) => {
    sandbox.plain(["add", "--all"], checkout);
    sandbox.plain(["commit", "-qm", message], checkout);
    sandbox.plain(["push", "-q"], checkout);
  };
  push("register(rent): version 3");
  const path = join(checkout, pointer);
  const before = JSON.parse(readFileSync(path, "utf8")) as object;
  const bound = { version: 3, model: record.candidate.model.sha256, record: record.digest };
  writeFileSync(path, `${JSON.stringify({ ...before, ...bound }, null, 2)}\n`);
  push("promote(rent): 2 -> 3");
}

/** What is signed beside a pointer, checked. */
async function promotionIn({ tip, plain, origin }: Sandbox, environment: string): Promise<object> {
  const path = pointerFile("rent", environment);
  const [pointer, bundle] = [path, pointerBundleFile(path)].map((each) => plain(["show", `${tip()}:${each}`], origin));
  const { statement } = await checkBundle(policy, Buffer.from(bundle!), path);
  expect(isAbout(statement, path, sha256(`${pointer}\n`))).toBe(true);
  return statement.predicate;
}

/** Everything that takes a version, as its own code does it. */
const readers: Record<string, (snapshot: Snapshot, sandbox: Sandbox) => Promise<unknown>> = {
  "the gate's baseline": (snapshot) => productionOf(snapshot, "rent"),
  predict: (_, sandbox) => predictRows(workspaceOf(sandbox), { model: "rent", version: 3 } as never),
  serve: async (snapshot) => {
    const threads = openScoringThreads({ most: 1, log: silentLog });
    const service = { name: "rent", snapshot, readChallenger: async () => null, before: undefined, threads };
    const { failures } = await bringIntoService({
      ...service,
      environment: "production",
      bringVersion: async () => {},
      now: () => new Date(0),
    });
    if (failures.length > 0) throw new Error(failures[0]!.problem);
  },
  drift: (snapshot, sandbox) => watchedModel(workspaceOf(sandbox), snapshot, "rent"),
  "drift's profile": (snapshot) => snapshot.versionFile("rent", 3, "MODEL_CARD.md"),
  reproduce: (_, sandbox) => reproduceVersion(workspaceOf(sandbox), "rent", 3),
  export: (_, sandbox) =>
    exportVersion(workspaceOf(sandbox), {
      ...{ model: "rent", version: 3, target: "mlserver" },
      output: { path: join(sandbox.folder, "out"), name: "out" },
    } as never),
  "the MLflow server's copy": (snapshot) => snapshot.modelBytes("rent", 3),
  "an artifact's files": async (snapshot, { git }) => {
    for await (const _ of readVersionFiles(git, snapshot, await snapshot.record("rent", 3)));
  },
  promote: (_, { registry }) => registry.promote("rent", 3),
  challenge: (_, { registry }) => registry.challenge("rent", 3, { mode: "shadow", share: null }),
  "rollback --to": (_, { registry }) => registry.rollback("rent", { to: 3 }),
};

function workspaceOf({ registry, git, work, store, env }: Sandbox): Workspace {
  const repository = { predictions: "predictions", store: ".mergeml/store", data: ["data"] };
  return { registry, git, root: work, store, env, repository, remoteLog: null, extraData: [] } as unknown as Workspace;
}

describe("a signed registry", () => {
  it("signs verdict and promotion in the commits that they are about, and all of it holds", async () => {
    const sandbox = await sandboxWith();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    await deploy(sandbox.registry, { tag: "b", rmse: 400 });
    const files = sandbox.plain(["ls-tree", "-r", "--name-only", sandbox.tip()], sandbox.origin);
    expect(files).toContain("models/rent/versions/2/verdict.sigstore.json");
    expect(files).toContain("models/rent/production.sigstore.json");
    expect(await messages(sandbox.registry)).toBe("");
    const signed = await (await sandbox.registry.snapshot()).signedBy("rent", 2);
    expect(signed?.statement.predicate).toMatchObject({ model: "rent", version: 2, verdict: { outcome: "pass" } });
    expect(signed?.statement.subject.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["version.json", "model.onnx", expect.stringMatching(/^dataset\/train\/fp:/)]),
    );
  });

  describe("with a forged version in production", () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = makeSandbox({ trust: signing });
      await sandbox.registry.init();
      await deploy(sandbox.registry, { tag: "a", rmse: 500 });
      await deploy(sandbox.registry, { tag: "b", rmse: 400 });
      await forgeThird(sandbox);
    });
    afterAll(() => sandbox[Symbol.dispose]());

    it.each(Object.keys(readers))("%s refuses it", async (name) => {
      const snapshot = await sandbox.registry.snapshot();
      await expect(readers[name]!(snapshot, sandbox)).rejects.toThrow(/rent@3 is not trusted: /);
    });

    it("verify names it and its promotion, and the rest of the branch is as good as before", async () => {
      expect(await messages(seenWith(sandbox))).not.toMatch(/trusted|signed/);
      const found = await messages(sandbox.registry);
      expect(found).toMatch(/rent@3 is not trusted: its signature is about rent@1/);
      expect(found).toMatch(/promotes rent@3, whose verdict nobody has signed who must/);
      await expect((await sandbox.registry.snapshot()).modelBytes("rent", 2)).resolves.toBeTruthy();
    });
  });
});

it("a partial clone fetches the signatures of many versions at once, not one by one", async () => {
  const sandbox = await sandboxWith();
  for (const at of [0, 1, 2, 3]) await deploy(sandbox.registry, { tag: `v${at}`, rmse: 500 - at });
  const { folder, origin, plain, env } = sandbox;
  plain(["config", "uploadpack.allowFilter", "true"], origin);
  const args = [
    "clone",
    "-q",
    "--no-checkout",
    "--filter=blob:none",
    "--branch=registry",
    `file://${origin}`,
    "partial",
  ];
  plain(args, folder);
  const trace = join(folder, "trace");
  const git = openGit(join(folder, "partial"), { env: { ...env, GIT_TRACE: trace } });
  const place = { git, store: sandbox.store, branch: "registry", remote: "origin", clock: ticking(), log: silentLog };
  const snapshot = await openRegistry({ ...place, random: () => 0, trust: signing }).snapshot();
  const vouched = await snapshot.vouchers([1, 2, 3, 4].map((version) => ({ model: "rent", version })));
  expect(vouched.map((each) => each !== null && "signer" in each)).toEqual([true, true, true, true]);
  const fetches = readFileSync(trace, "utf8").match(/built-in: git fetch .*--filter=blob:none/g) ?? [];
  expect(fetches).toHaveLength(3); // registry.json, the records, and their signatures
});

describe("going back", () => {
  it.each(["git revert", "mergeml rollback"])(
    "%s to a signed version is as good as it was, and needs no key",
    async (way) => {
      const sandbox = await sandboxWith();
      await deploy(sandbox.registry, { tag: "a", rmse: 500 });
      const before = sandbox.plain(["show", `${sandbox.tip()}:models/rent/production.sigstore.json`], sandbox.origin);
      await deploy(sandbox.registry, { tag: "b", rmse: 400 });
      const keyless = seenWith(sandbox, trustOfKey(policy, null));
      if (way === "mergeml rollback") await keyless.rollback("rent");
      else {
        const checkout = sandbox.checkout();
        sandbox.plain(["revert", "--no-edit", "HEAD"], checkout);
        sandbox.plain(["push", "-q"], checkout);
      }
      const now = sandbox.plain(["show", `${sandbox.tip()}:models/rent/production.sigstore.json`], sandbox.origin);
      expect(now).toBe(before);
      expect(await messages(keyless)).toBe("");
      expect((await productionOf(await keyless.snapshot(), "rent"))?.record.version).toBe(1);
    },
  );

  it.each([
    { way: "by hand", why: /^rolled back by / },
    { way: "by itself", why: /^rolled back by itself: rmse 900/ },
  ])("says who and why where somebody can sign, $way", async ({ way, why }) => {
    const sandbox = await sandboxWith();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    await deploy(sandbox.registry, { tag: "b", rmse: 400 });
    const pointer = () => sandbox.plain(["show", `${sandbox.tip()}~1:models/rent/production.json`], sandbox.origin);
    const judged = { promotion: sandbox.tip(), reason: "rmse 900 of 400 rows" };
    if (way === "by hand") await sandbox.registry.rollback("rent");
    else await sandbox.registry.rollbackPromotion("rent", judged);
    expect(await promotionIn(sandbox, "production")).toMatchObject({
      ...{ environment: "production", from: 2, to: 1, why: expect.stringMatching(why) },
    });
    expect(pointer()).toContain('"version": 2');
    expect(await messages(sandbox.registry)).toBe("");
  });

  it("is signed at once or not at all: it waits for no service, and one that may not sign changes nothing", async () => {
    await using services = await startSigstore();
    const signers = policyOf([byWorkflow(deployWorkflow), byKey(opsKey.publicKey)], services);
    const sandbox = await sandboxWith(trustOfKey(signers, opsKey.privateKey));
    for (const [at, tag] of ["a", "b", "c"].entries()) await deploy(sandbox.registry, { tag, rmse: 500 - at });
    const sleep = () => Promise.reject(new Error("it waited"));
    const job = (env = services.job()) => ({ env, clock: { now: () => new Date() }, log: silentLog, sleep });
    const asJob = (place: SigningPlace) =>
      seenWith(sandbox, { ...trustOfKey(signers, null), signer: async () => openStatementSigner(signers, place) });
    services.failNext(10_000);
    await asJob(job()).rollback("rent");
    expect(await promotionIn(sandbox, "production")).toMatchObject({ from: 1, to: 2 }); // as it was when it came
    services.failNext(0);
    await asJob(job(services.job({ workflow_ref: deployWorkflow.replace("acme", "eve") }))).rollback("rent");
    expect(await promotionIn(sandbox, "production")).toMatchObject({ from: null, to: 1 });
    expect(await messages(sandbox.registry)).toBe("");
  });

  it("takes the statement away with the last promotion", async () => {
    const sandbox = await sandboxWith();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    await sandbox.registry.rollback("rent");
    expect(sandbox.plain(["ls-tree", "-r", "--name-only", sandbox.tip()], sandbox.origin)).not.toContain("production.");
    expect(await messages(sandbox.registry)).toBe("");
  });
});

describe("an environment before production", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = makeSandbox({ trust: signing });
    await sandbox.registry.init();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    await deploy(sandbox.registry, { tag: "b", rmse: 400 });
    await sandbox.registry.promote("rent", 1, { environment: "staging" });
    await sandbox.registry.promote("rent", 2, { environment: "staging" });
  });
  afterAll(() => sandbox[Symbol.dispose]());

  it("has its moves signed, and the way back, too", async () => {
    expect(await promotionIn(sandbox, "staging")).toMatchObject({ environment: "staging", from: 1, to: 2 });
    await sandbox.registry.rollback("rent", { environment: "staging" });
    expect(await promotionIn(sandbox, "staging")).toMatchObject({ environment: "staging", from: 2, to: 1 });
    expect(await promotionIn(sandbox, "production")).toMatchObject({ environment: "production", from: 1, to: 2 });
    expect(await messages(sandbox.registry)).toBe("");
  });

  describe("with a forged version in it", () => {
    beforeAll(() => forgeThird(sandbox, pointerFile("rent", "staging")));
    const { "the gate's baseline": _, ...others } = readers;

    it.each(Object.keys(others))("%s refuses it", async (name) => {
      const view = viewOfSnapshot(await sandbox.registry.snapshot(), "staging");
      await expect(others[name]!(view, sandbox)).rejects.toThrow(/rent@3 is not trusted: /);
    });

    it("it does not get on to production, by mergeml or by hand, and verify names both moves", async () => {
      const moving = sandbox.registry.promote("rent", 3, { environment: "production", from: "staging" });
      await expect(moving).rejects.toThrow(/rent@3 is not trusted: /);
      const checkout = sandbox.checkout("mallory");
      await cp(join(checkout, pointerFile("rent", "staging")), join(checkout, pointerFile("rent", "production")));
      sandbox.plain(["commit", "-qam", "promote(rent): 2 -> 3"], checkout);
      sandbox.plain(["push", "-q"], checkout);
      await expect((await sandbox.registry.snapshot()).modelBytes("rent", 3)).rejects.toThrow(/rent@3 is not trusted/);
      expect(
        (await messages(sandbox.registry)).match(/promotes rent@3, whose verdict nobody has signed who must/g),
      ).toHaveLength(2);
    });
  });
});

describe("nothing to sign with", () => {
  it("refuses to register, and writes nothing", async () => {
    const sandbox = await sandboxWith(trustOfKey(policy, null));
    const before = sandbox.tip();
    await expect(deploy(sandbox.registry, { tag: "a", rmse: 500 })).rejects.toThrow(
      /rent@1 must be signed, and nothing is configured to sign with; nothing was written/,
    );
    expect(sandbox.tip()).toBe(before);
  });

  it("refuses a key that is none of the signers, before anything is written", async () => {
    const sandbox = await sandboxWith(trustOfKey(policy, otherKey.privateKey));
    const before = sandbox.tip();
    await expect(deploy(sandbox.registry, { tag: "a", rmse: 500 })).rejects.toThrow(
      /signed by another than it must be/,
    );
    expect(sandbox.tip()).toBe(before);
  });

  it("says so where nothing is required", async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const sandbox = await sandboxWith();
    const trust = trustOfKey({ ...policy, required: false }, null);
    const { git, store } = sandbox;
    const registry = openRegistry({ git, store, branch: "registry", clock: ticking(), log, random: () => 0, trust });
    await deploy(registry, { tag: "a", rmse: 500 });
    expect(warnings.join("\n")).toMatch(/rent@1 is not signed: nothing is configured to sign with/);
    expect(sandbox.plain(["ls-tree", "-r", "--name-only", sandbox.tip()], sandbox.origin)).not.toContain("sigstore");
  });
});

describe("signing by a service", () => {
  it("waits for one that is away and registers once; one that stays away leaves everything as it was", async () => {
    await using services = await startSigstore();
    const signers = policyOf([byWorkflow(deployWorkflow)], services);
    let [time, waits] = [0, 0];
    const sleep = async (seconds: number) => {
      [time, waits] = [time + seconds * 1000, waits + 1];
    };
    const place = { env: services.job(), clock: { now: () => new Date(time) }, log: silentLog, sleep };
    const trust: RegistryTrust = {
      policy: async () => signers,
      signer: async (each) => openStatementSigner(each, place),
      run: null,
    };
    const sandbox = await sandboxWith(trust);
    services.failNext(3);
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    expect(waits).toBe(3);
    expect(await messages(sandbox.registry)).toBe("");
    const before = sandbox.tip();
    services.failNext(10_000);
    const failed = await deploy(sandbox.registry, { tag: "b", rmse: 400 }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(EnvironmentError);
    expect((failed as Error).message).toMatch(/could not be signed after 2\d\d s: .*503/);
    expect(sandbox.tip()).toBe(before);
  }, 60_000);
});

describe("without trust", () => {
  it("a registry has the bytes that it always had", async () => {
    const [without, none] = [await sandboxWith(null), await sandboxWith(trustOfKey(null, null))];
    for (const { registry } of [without, none]) {
      await deploy(registry, { tag: "a", rmse: 500 });
      await deploy(registry, { tag: "b", rmse: 400 });
      await registry.rollback("rent");
      await registry.promote("rent", 2);
    }
    expect(none.tip()).toBe(without.tip());
    expect(without.plain(["ls-tree", "-r", "--name-only", without.tip()], without.origin)).not.toContain("sigstore");
  });
});
