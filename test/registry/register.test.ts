import { describe, expect, it } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { external, gatherModel } from "../training/onnx/hostile-models.ts";
import { buildCandidate, deploy, judgedAt, makeSandbox, registration } from "./builders.ts";

describe("register", () => {
  it("writes a version and its promotion as two commits in one push", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await registry.init();
    const options = { tag: "a", rmse: 500 };
    const done = await registry.register({ ...registration(buildCandidate(options), options), pullRequest: 12 });
    expect(done).toMatchObject({ version: 1, alreadyRegistered: false, from: null });
    expect(plain(["log", "--format=%s", "registry"], origin).split("\n")).toEqual([
      "promote(rent): none -> 1",
      "register(rent): version 1",
      "Create the registry",
    ]);
    expect(plain(["log", "-1", "--format=%(trailers)", "registry"], origin).split("\n")).toEqual([
      "Model: rent",
      "Version: 1",
      `Candidate: ${done.record.candidate.id}`,
      "Pull-Request: 12",
      "Verdict: pass",
    ]);
    expect(plain(["rev-parse", "registry", "registry~1"], origin).split("\n")).toEqual([
      done.promoteCommit,
      done.registerCommit,
    ]);
    const snapshot = await registry.snapshot();
    const pointer = { version: 1, pull_request: 12, by: "Ada", record: done.record.digest };
    expect(await snapshot.production("rent")).toMatchObject(pointer);
    expect(Buffer.from(await snapshot.modelBytes("rent", 1)).toString()).toContain("onnx of rent a");
    expect(await registry.verify()).toEqual({
      since: null,
      problems: [],
      notes: [],
      models: 1,
      versions: 1,
      promotions: 1,
    });
  });

  it("numbers versions from 1 without gaps and leaves work tree, index and refs of the clone alone", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    for (const [index, tag] of ["a", "b", "c"].entries()) await deploy(registry, { tag, rmse: 500 - index });
    const snapshot = await registry.snapshot();
    expect(await snapshot.versions("rent")).toEqual([1, 2, 3]);
    expect(plain(["status", "--porcelain"])).toBe("");
    const refs = plain(["for-each-ref", "--format=%(refname)"]).split("\n");
    expect(refs).toEqual(["refs/heads/main", "refs/remotes/origin/registry"]);
  });

  it("returns the version of a candidate that is registered already, and never promotes it again", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    const options = { tag: "a", rmse: 500 };
    const input = registration(buildCandidate(options), options);
    await registry.register(input);
    await registry.rollback("rent");
    const before = sandbox.tip();
    const again = await registry.register(input);
    expect(again).toMatchObject({ version: 1, alreadyRegistered: true, registerCommit: null, promoteCommit: null });
    expect(sandbox.tip()).toBe(before);
    expect(await (await registry.snapshot()).production("rent")).toBeNull();
  });

  it("registers without promoting when asked to", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const done = await deploy(sandbox.registry, { tag: "a", rmse: 500 }, false);
    expect(done).toMatchObject({ version: 1, promoteCommit: null });
    const snapshot = await sandbox.registry.snapshot();
    expect(await snapshot.models()).toEqual(["rent"]);
    expect(await snapshot.productions()).toEqual(new Map());
    expect(await sandbox.registry.promote("rent", 1)).toMatchObject({ from: null, to: 1 });
    expect(await sandbox.registry.promote("rent", 1)).toEqual({ from: 1, to: 1, commit: null });
  });

  it("keeps extra files, and refuses one that takes another file's name", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const options = { tag: "a", rmse: 500 };
    const input = registration(buildCandidate(options), options);
    const clash = sandbox.registry.register({ ...input, extras: { "version.json": "{}" } });
    await expect(clash).rejects.toThrow('"version.json" cannot be an extra file of a version');
    const { record } = await sandbox.registry.register({ ...input, extras: { "profile.json": "{}\n" } });
    expect(record.files["profile.json"]).toMatch(/^sha256:/);
    expect((await sandbox.registry.verify()).problems).toEqual([]);
  });
});

const spoilt = [
  {
    title: "other bytes than were evaluated",
    spoil: (input: ReturnType<typeof registration>) => ({ ...input, model: Buffer.from("another") }),
    message: "the model of rent is not the one that was evaluated",
  },
  {
    title: "weights in another file",
    spoil: () => {
      const outside = { tag: "a", rmse: 500, bytes: Buffer.from(gatherModel(external)) };
      return registration(buildCandidate(outside), outside);
    },
    message: 'the model of rent cannot be registered: the weights "W" lie in the file "weights.bin"',
  },
  {
    title: "an edited verdict",
    spoil: (input: ReturnType<typeof registration>) => ({
      ...input,
      verdict: { ...input.verdict, summary: "Trust me." },
    }),
    message: "verdict.summary is recorded as",
  },
  {
    title: "another evaluation",
    spoil: (input: ReturnType<typeof registration>) => ({ ...input, evaluation: { ...input.evaluation, rows: 21 } }),
    message: "judging again gives",
  },
  {
    title: "another candidate's verdict",
    spoil: (input: ReturnType<typeof registration>) => ({
      ...input,
      candidate: { ...input.candidate, definition: "sha256:other" },
    }),
    message: "the verdict on rent is about another definition than the candidate's",
  },
];

describe("register refuses", () => {
  it.each(spoilt)("$title", async ({ spoil, message }) => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const before = sandbox.tip();
    const options = { tag: "a", rmse: 500 };
    const attempt = sandbox.registry.register(spoil(registration(buildCandidate(options), options)));
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(UserError);
    expect(sandbox.tip()).toBe(before);
  });

  it("a candidate that the gate did not let pass", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const options = { tag: "a", rmse: 5000 };
    const attempt = sandbox.registry.register(registration(buildCandidate(options), options));
    await expect(attempt).rejects.toThrow("rent may not be registered: ");
  });

  it("to write before the branch exists", async () => {
    using sandbox = makeSandbox();
    const options = { tag: "a", rmse: 500 };
    const attempt = sandbox.registry.register(registration(buildCandidate(options), options));
    await expect(attempt).rejects.toThrow("there is no branch registry on origin\ncreate it once: mergeml init");
    const snapshot = await sandbox.registry.snapshot();
    expect(snapshot.tip).toBeNull();
    expect(await snapshot.models()).toEqual([]);
    expect(await snapshot.productions()).toEqual(new Map());
    await expect(snapshot.record("rent", 1)).rejects.toThrow("there is no rent@1 in the registry");
    await expect(sandbox.registry.verify()).rejects.toThrow("there is no branch registry on origin");
  });
});

describe("a production that changes between gate and push", () => {
  it("is judged against again, and the version records that judgement", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    const options = { tag: "late", rmse: 300 };
    const late = await judgedAt(await registry.snapshot(), options);
    await deploy(registry, { tag: "b", rmse: 400 });
    const { record, from } = await registry.register(registration(late, options));
    expect(from).toBe(2);
    expect(record).toMatchObject({ version: 3, verdict: { outcome: "pass", binds: { baseline_version: 2 } } });
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("stops a candidate that no longer passes, and nothing is written", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    const options = { tag: "late", rmse: 450 };
    const late = await judgedAt(await registry.snapshot(), options);
    await deploy(registry, { tag: "b", rmse: 400 });
    const before = sandbox.tip();
    const attempt = registry.register(registration(late, options));
    await expect(attempt).rejects.toThrow(
      /production of rent changed to v2 while this candidate waited to be registered, and against v2 it does not pass: /,
    );
    expect(sandbox.tip()).toBe(before);
  });

  it("is noticed when the push itself loses the race", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    const options = { tag: "late", rmse: 300 };
    const late = await judgedAt(await registry.snapshot(), options);
    await deploy(registry, { tag: "b", rmse: 400 });
    let judged = 0;
    const input = registration(late, options);
    const done = await registry.register({
      ...input,
      async judgeAgain(snapshot) {
        judged += 1;
        if (judged === 1) await deploy(registry, { tag: "c", rmse: 350 });
        return input.judgeAgain(snapshot);
      },
    });
    expect(judged).toBe(2);
    expect(done).toMatchObject({ version: 4, from: 3, record: { verdict: { binds: { baseline_version: 3 } } } });
  });
});
