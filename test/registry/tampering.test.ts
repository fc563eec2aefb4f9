import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { sealRecord, type VersionRecord, writeRecord } from "../../pipelines/registry/version-record.ts";
import { external, gatherModel } from "../training/onnx/hostile-models.ts";
import { buildCandidate, deploy, makeSandbox, type Sandbox } from "./builders.ts";

const folder = "models/rent/versions/2";

/** Two versions of rent, the second in production, and somebody with a checkout who pushes what `edit` does. */
async function tampered(edit: (checkout: string, sandbox: Sandbox) => void): Promise<Sandbox> {
  const sandbox = makeSandbox();
  onTestFinished(() => sandbox[Symbol.dispose]());
  await sandbox.registry.init();
  await deploy(sandbox.registry, { tag: "a", rmse: 500 });
  await deploy(sandbox.registry, { tag: "b", rmse: 400 });
  const checkout = sandbox.checkout();
  edit(checkout, sandbox);
  sandbox.plain(["add", "--all"], checkout);
  sandbox.plain(["commit", "-q", "--allow-empty", "-m", "Nothing to see here"], checkout);
  sandbox.plain(["push", "-q"], checkout);
  return sandbox;
}

/** What is wrong with the branch; of it, what came after the versions were registered is found by itself, too. */
async function problems({ registry, plain, origin }: Sandbox): Promise<string> {
  const whole = (await registry.verify()).problems.map(({ message }) => message);
  const since = plain(["rev-list", "-1", "--grep=^Candidate: ", "registry"], origin);
  const part = (await registry.verify({ since })).problems.map(({ message }) => message);
  expect(whole).toEqual(expect.arrayContaining(part));
  expect(part).not.toEqual([]);
  return whole.join("\n");
}

function editText(path: string, edit: (text: string) => string): void {
  writeFileSync(path, edit(readFileSync(path, "utf8")));
}

function editRecord(checkout: string, edit: (record: VersionRecord) => void): void {
  const path = join(checkout, folder, "version.json");
  const { digest: _, ...record } = JSON.parse(readFileSync(path, "utf8")) as VersionRecord;
  edit(record as VersionRecord);
  writeFileSync(path, writeRecord(sealRecord(record)));
}

function pointAt(checkout: string, record: VersionRecord): void {
  editText(join(checkout, "models/rent/production.json"), (text) =>
    JSON.stringify({ ...JSON.parse(text), record: record.digest, model: record.candidate.model.sha256 }),
  );
}

/** Begins a merge with a commit that was made beside the last one; it is left to be committed. */
function mergeBase(checkout: string, plain: Sandbox["plain"]): void {
  plain(["switch", "-qc", "side", "HEAD~1"], checkout);
  plain(["commit", "-q", "--allow-empty", "-m", "Aside"], checkout);
  plain(["switch", "-q", "registry"], checkout);
  plain(["merge", "-q", "--no-ff", "--no-commit", "side"], checkout);
}

function commitMerge(checkout: string, plain: Sandbox["plain"]): void {
  plain(["add", "--all"], checkout);
  plain(["commit", "-qm", "Merge"], checkout);
}

function sealedRecord(checkout: string): VersionRecord {
  return JSON.parse(readFileSync(join(checkout, folder, "version.json"), "utf8")) as VersionRecord;
}

const reads: Record<string, (snapshot: Snapshot) => Promise<unknown>> = {
  production: (snapshot) => snapshot.production("rent"),
  productions: (snapshot) => snapshot.productions(),
  record: (snapshot) => snapshot.record("rent", 2),
  records: (snapshot) => snapshot.records("rent"),
  modelBytes: (snapshot) => snapshot.modelBytes("rent", 2),
};

interface Case {
  title: string;
  edit(checkout: string, sandbox: Sandbox): void;
  /** Readers that must refuse. */
  refuse: (keyof typeof reads)[];
  /** In what they and verify say. */
  says: RegExp;
}

const cases: Case[] = [
  {
    title: "a changed byte in model.onnx",
    edit: (checkout) => editText(join(checkout, folder, "model.onnx"), (text) => text.replace("b", "c")),
    refuse: ["modelBytes"],
    says: /versions\/2\/model\.onnx.*(is not the model that was registered|was changed after it was registered)/,
  },
  {
    title: "a hand-edited version.json",
    edit: (checkout) =>
      editText(join(checkout, folder, "version.json"), (text) => text.replace('"rows": 20', '"rows": 2000')),
    refuse: ["production", "productions", "record", "records", "modelBytes"],
    says: /versions\/2\/version\.json on the registry branch was changed after it was registered/,
  },
  {
    title: "a version.json edited and sealed again",
    edit: (checkout) => editRecord(checkout, (record) => Object.assign(record, { registered_by: "Eve" })),
    refuse: ["production", "productions"],
    says: /production\.json on the registry branch names another record of rent@2 than .*version\.json is/,
  },
  {
    title: "a model.onnx replaced in file and record, and the pointer with them",
    edit: (checkout) => {
      editRecord(checkout, (record) => Object.assign(record, { registered_by: "Eve" }));
      pointAt(checkout, sealedRecord(checkout));
    },
    refuse: [],
    says: /changes models\/rent\/versions\/2\/version\.json, but a registered version never changes/,
  },
  {
    title: "a model with weights in another file, sealed and pointed at",
    edit: (checkout) => {
      const onnx = gatherModel(external);
      writeFileSync(join(checkout, folder, "model.onnx"), onnx);
      editRecord(checkout, (record) => {
        Object.assign(record.candidate.model, { sha256: sha256(onnx), size: onnx.length });
        Object.assign(record.files, { "model.onnx": sha256(onnx) });
        Object.assign(record.evaluation, { model: sha256(onnx) });
        Object.assign(record.verdict.binds, { candidate_model: sha256(onnx) });
      });
      pointAt(checkout, sealedRecord(checkout));
    },
    refuse: ["modelBytes"],
    says: /versions\/2\/model\.onnx on the registry branch is not a whole model: the weights "W" lie in the file "weights.bin"/,
  },
  {
    title: "a production.json that names no version",
    edit: (checkout) => writeFileSync(join(checkout, "models/rent/production.json"), '{ "version": "2" }\n'),
    refuse: ["production", "productions"],
    says: /production\.json on the registry branch names no version: "2"/,
  },
  {
    title: "a production.json that names a version there is not",
    edit: (checkout) =>
      editText(join(checkout, "models/rent/production.json"), (text) => text.replace('"version": 2', '"version": 7')),
    refuse: ["production", "productions"],
    says: /production\.json on the registry branch names rent@7, and there is no such version|promotes rent@7, which was not registered then/,
  },
  {
    title: "a version.json that is not JSON",
    edit: (checkout) => writeFileSync(join(checkout, folder, "version.json"), "null"),
    refuse: ["production", "record", "modelBytes"],
    says: /versions\/2\/version\.json on the registry branch is not a JSON object/,
  },
  {
    title: "a version moved to another number",
    edit: (checkout, { plain }) => {
      plain(["rm", "-rq", folder], checkout);
      plain(["checkout", "-q", "HEAD", "--", folder], checkout);
      plain(["mv", folder, "models/rent/versions/3"], checkout);
    },
    refuse: ["production", "record"],
    says: /there is no such version|there is no rent@2|versions\/2 is missing/,
  },
  {
    title: "a deleted model.onnx",
    edit: (checkout) => rmSync(join(checkout, folder, "model.onnx")),
    refuse: ["modelBytes"],
    says: /versions\/2\/model\.onnx.*is missing/,
  },
];

describe.each(cases)("$title", ({ edit, refuse, says }) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = makeSandbox();
    await sandbox.registry.init();
    await deploy(sandbox.registry, { tag: "a", rmse: 500 });
    await deploy(sandbox.registry, { tag: "b", rmse: 400 });
    const checkout = sandbox.checkout();
    edit(checkout, sandbox);
    sandbox.plain(["commit", "-qam", "Nothing to see here"], checkout);
    sandbox.plain(["push", "-q"], checkout);
    return () => sandbox[Symbol.dispose]();
  });

  it("is found by verify, which names the file", async () => {
    expect(await problems(sandbox)).toMatch(says);
  });

  it.each(refuse)("is refused by %s", async (read) => {
    const snapshot = await sandbox.registry.snapshot();
    await expect(reads[read]!(snapshot)).rejects.toThrow(says);
  });
});

describe("a promotion without a passing verdict", () => {
  it("written by hand is refused by every reader of production, and found by verify with its commit", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    const checkout = sandbox.checkout();
    const failing = handWrittenVersion(checkout);
    sandbox.plain(["add", "--all"], checkout);
    sandbox.plain(["commit", "-qm", "promote(rent): 1 -> 2"], checkout);
    sandbox.plain(["push", "-q"], checkout);
    const snapshot = await registry.snapshot();
    const message = "models/rent/production.json on the registry branch names rent@2, whose verdict is fail, not pass";
    await expect(snapshot.production("rent")).rejects.toThrow(message);
    await expect(snapshot.productions()).rejects.toThrow(message);
    await expect(deploy(registry, { tag: "c", rmse: 100 })).rejects.toThrow(message);
    const told = await problems(sandbox);
    expect(told).toContain(message);
    expect(told).toContain(`commit ${sandbox.tip().slice(0, 10)} (promote(rent): 1 -> 2, by Ada)`);
    expect(failing.verdict.outcome).toBe("fail");
    await registry.rollback("rent");
    await expect(registry.promote("rent", 2)).rejects.toThrow(
      "rent@2 cannot be put into production: its verdict is fail",
    );
    await expect(registry.rollback("rent", { to: 2 })).rejects.toThrow("whose verdict is fail, not pass");
  });

  it("with a verdict edited to pass is found, because judging again says otherwise", async () => {
    const sandbox = await tampered((checkout) => {
      handWrittenVersion(checkout, (record) => Object.assign(record.verdict, { outcome: "pass" }), 3);
    });
    expect(await problems(sandbox)).toContain(
      "models/rent/versions/3/version.json: its verdict is recorded as pass, and judging again gives fail",
    );
  });
});

/** A version that failed the gate, put on the branch and into production by hand, all hashes right. */
function handWrittenVersion(
  checkout: string,
  edit: (record: VersionRecord) => void = () => {},
  version = 2,
): VersionRecord {
  const { candidate, evaluation, verdict, model } = buildCandidate({ tag: "bad", rmse: 9999 });
  const path = join(checkout, `models/rent/versions/${version}`);
  const template = JSON.parse(readFileSync(join(checkout, "models/rent/versions/1/version.json"), "utf8"));
  const files = { "model.onnx": candidate.model.sha256 };
  const { digest: _, ...unsealed } = { ...template, version, candidate, evaluation, verdict, files };
  edit(unsealed);
  const record = sealRecord(unsealed);
  const pointer = { ...JSON.parse(readFileSync(join(checkout, "models/rent/production.json"), "utf8")) };
  writeFileSync(
    join(checkout, "models/rent/production.json"),
    JSON.stringify({ ...pointer, version, model: candidate.model.sha256, record: record.digest }),
  );
  mkdirSync(path);
  writeFileSync(join(path, "model.onnx"), model);
  writeFileSync(join(path, "version.json"), writeRecord(record));
  return record;
}

const shapes: { title: string; edit: Case["edit"]; says: string }[] = [
  {
    title: "an unknown file",
    edit: (checkout) => writeFileSync(join(checkout, "notes.txt"), "hello"),
    says: 'adds "notes.txt", which is nothing a registry has',
  },
  {
    title: "a file added to a version",
    edit: (checkout) => writeFileSync(join(checkout, folder, "more.json"), "{}"),
    says: "models/rent/versions/2/more.json is not one of the files that were registered",
  },
  {
    title: "a link in place of a file",
    edit: (checkout) => {
      rmSync(join(checkout, "models/rent/production.json"));
      symlinkSync("/etc/passwd", join(checkout, "models/rent/production.json"));
    },
    says: "makes models/rent/production.json something else than a plain file (mode 120000)",
  },
  {
    title: "a deleted version",
    edit: (checkout) => rmSync(join(checkout, "models/rent/versions/1"), { recursive: true }),
    says: "models/rent/versions/1 is missing: versions are numbered from 1 without gaps",
  },
  {
    title: "a merge that changes a version",
    edit: (checkout, { plain }) => {
      mergeBase(checkout, plain);
      writeFileSync(join(checkout, folder, "model.onnx"), "onnx of Eve");
      commitMerge(checkout, plain);
    },
    says: `is a merge that brings ${folder}/model.onnx, which none of its parents has so`,
  },
  {
    title: "a merge that loses a version",
    edit: (checkout, { plain }) => {
      plain(["switch", "-qc", "side", "HEAD~2"], checkout);
      plain(["commit", "-q", "--allow-empty", "-m", "Aside"], checkout);
      plain(["merge", "-q", "-s", "ours", "-m", "Merge", "registry"], checkout);
      plain(["push", "-q", "origin", "side:registry"], checkout);
      plain(["switch", "-q", "registry"], checkout);
      plain(["reset", "-q", "--hard", "side"], checkout);
    },
    says: `is a merge that deletes ${folder}/version.json, but a registered version never changes`,
  },
  {
    title: "a merge that invents a pointer",
    edit: (checkout, { plain }) => {
      mergeBase(checkout, plain);
      const path = join(checkout, "models/rent/production.json");
      editText(path, (text) => text.replace('"by": "Ada"', '"by": "Eve"'));
      commitMerge(checkout, plain);
    },
    says: "is a merge that changes models/rent/production.json to what none of its parents has",
  },
  {
    title: "a merge that brings a file of its own",
    edit: (checkout, { plain }) => {
      mergeBase(checkout, plain);
      writeFileSync(join(checkout, "notes.txt"), "hello");
      commitMerge(checkout, plain);
    },
    says: 'is a merge that adds "notes.txt", which is nothing a registry has',
  },
];

describe("verify finds", () => {
  it.each(shapes)("$title", async ({ edit, says }) => {
    const sandbox = await tampered(edit);
    expect(await problems(sandbox)).toContain(says);
  });

  it("what was changed and changed back, in the commit that did it", async () => {
    const sandbox = await tampered((checkout, { plain }) => {
      const model = join(checkout, folder, "model.onnx");
      editText(model, (text) => text.replace("b", "c"));
      plain(["commit", "-qam", "Improve the model"], checkout);
      editText(model, (text) => text.replace("c", "b"));
    });
    expect(await problems(sandbox)).toMatch(
      /commit \w{10} \(Improve the model, by Ada\) changes models\/rent\/versions\/2\/model\.onnx/,
    );
    expect(await (await sandbox.registry.snapshot()).production("rent")).toMatchObject({ version: 2 });
  });
});
