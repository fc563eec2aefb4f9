import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { primaryMetric, renderIndex } from "../../pipelines/registry/index-page.ts";
import { readChallenger, readPointer } from "../../pipelines/registry/production-pointer.ts";
import { verdictProblems } from "../../pipelines/registry/still-passes.ts";
import { type BlobStore, followReference } from "../../pipelines/registry/stored-model.ts";
import { readRecord, sealRecord, type VersionRecord } from "../../pipelines/registry/version-record.ts";
import { renderVersionDiff } from "../../pipelines/report/terminal/version-diff.ts";
import { renderVersion } from "../../pipelines/report/terminal/version-page.ts";
import { openRunParser } from "../../pipelines/run-log/parse-run.ts";
import { runRecordOf } from "../../pipelines/run-log/run-record.ts";
import type { Random } from "../../pipelines/statistics/random.ts";
import { parseProfile } from "../../pipelines/watch/profile/profile-file.ts";
import { makeScratch, type Scratch } from "../scratch.ts";
import { edited, fuzz, fuzzTimeout, rarely } from "./cases.ts";
import { mutateJson, mutateText } from "./mutate-json.ts";

let scratch: Scratch;
let [pointer, record, profile] = ["", "", ""];

/** Files as mergeml writes them. */
beforeAll(async () => {
  scratch = makeScratch();
  await scratch.facts(["init"]);
  await scratch.facts(["run", "rent"]);
  const file = (path: string) => scratch.git("show", `origin/registry:models/rent/${path}`);
  pointer = file("production.json");
  record = file("versions/1/version.json");
  profile = file("versions/1/profile.json");
});
afterAll(() => scratch[Symbol.dispose]());

function mutated(random: Random, text: string): Buffer {
  if (rarely(random, 5)) return Buffer.from(edited(random, text, mutateText));
  return Buffer.from(JSON.stringify(edited(random, JSON.parse(text) as unknown, mutateJson)) ?? "");
}

/** What a reader makes of a file: a value, or a UserError that says what is wrong; anything else is a bug. */
function explained<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.toBe("");
    expect(error.message.length).toBeLessThan(2_000);
    return null;
  }
}

test("mutated production.json files are read or explained", { timeout: fuzzTimeout }, async () => {
  await fuzz(0.15, (random) => {
    const read = explained(() => readPointer(mutated(random, pointer), "rent"));
    if (read === null) return;
    renderIndex([{ model: "rent", versions: 1, production: { pointer: read, metric: null }, challenger: null }]);
  });
});

test("mutated challenger.json files are read or explained", { timeout: fuzzTimeout }, async () => {
  const { pull_request: _, ...binding } = JSON.parse(pointer) as Record<string, unknown>;
  const challenger = JSON.stringify({ ...binding, mode: "split", share: 0.1 });
  await fuzz(0.15, (random) => {
    const read = explained(() => readChallenger(mutated(random, challenger), "rent"));
    if (read !== null) renderIndex([{ model: "rent", versions: 1, production: null, challenger: read }]);
  });
});

/** Sealed again, as who writes to the branch by hand could. */
function resealed(content: Buffer): Buffer {
  try {
    const { digest: _, ...rest } = JSON.parse(content.toString("utf8"));
    return Buffer.from(JSON.stringify(sealRecord(rest)));
  } catch {
    return content; // no JSON
  }
}

test("mutated version.json files are read or explained, also when they are sealed again", {
  timeout: fuzzTimeout,
}, async () => {
  let read = 0;
  await fuzz(0.2, (random) => {
    const content = mutated(random, record);
    const found = explained(() => readRecord(rarely(random, 4) ? content : resealed(content), "rent", 1));
    if (found === null) return;
    read += 1;
    use(found);
  });
  expect(read).toBeGreaterThan(0);
});

/** What commands make of a record. */
function use(found: VersionRecord): void {
  verdictProblems(found);
  primaryMetric(found);
  renderVersion(found, { in_production: true });
  renderVersionDiff(found, readRecord(Buffer.from(record), "rent", 1));
  runRecordOf(found, 1, { event: "run", time: new Date(0), by: "Ada" });
}

test("mutated references to a model are followed or explained", { timeout: fuzzTimeout }, async () => {
  const hash = `sha256:${"a".repeat(64)}`;
  const reference = JSON.stringify({ store: "models/a.onnx", sha256: hash, size: 5 });
  const store = { readBlob: async () => new Uint8Array(5) } as unknown as BlobStore;
  await fuzz(0.05, async (random) => {
    const content = mutated(random, reference);
    const found = await followReference(store, content, hash, "models/rent/versions/1/model.onnx.ref.json").catch(
      (error: unknown) => error,
    );
    if (!(found instanceof Uint8Array)) expect(found).toBeInstanceOf(UserError);
  });
});

test("mutated profile.json files are read or explained", { timeout: fuzzTimeout }, async () => {
  await fuzz(0.05, (random) => {
    explained(() => parseProfile(mutated(random, profile).toString("utf8")));
  });
});

test("mutated runs of the run log are read or explained", { timeout: fuzzTimeout }, async () => {
  const parse = openRunParser();
  const sound = readRecord(Buffer.from(record), "rent", 1);
  const run = JSON.stringify(runRecordOf(sound, 1, { event: "run", time: new Date(0), by: "Ada" }));
  await fuzz(0.1, (random) => {
    const found = parse(mutated(random, run));
    if ("problem" in found) expect(found.problem).not.toBe("");
  });
});
