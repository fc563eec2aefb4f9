import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDriftEntry } from "../../pipelines/handover/drift-handover.ts";
import type { ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import type { Evidence } from "../../pipelines/watch/promotion/decide-rollback.ts";
import { makeScratch, type Scratch } from "../scratch.ts";
import { modelDrift } from "../watch/drift/results.ts";
import { comparison, errors, evidence } from "../watch/promotion/builders.ts";

let scratch: Scratch;
beforeAll(() => {
  scratch = makeScratch({ model: false, remote: false });
});
afterAll(() => scratch[Symbol.dispose]());

/** What is read of an entry that another job wrote. */
async function read(entry: object) {
  writeFileSync(join(scratch.folder, "flight-delay.json"), JSON.stringify(entry));
  return readDriftEntry(scratch.folder, "flight-delay.json");
}

const promotion = "a".repeat(40);
const few = { condition: "outside_reference", state: "too few rows", rows: 3 } as const;
const unknown = { condition: "worse_than_previous", state: "unknown", reason: "no labels" } as const;

function judged(changes: Partial<Evidence> = {}): ModelDrift {
  const found = evidence([errors(), comparison(), few], { promotion, ...changes });
  return modelDrift({ rollback: { evidence: found, decision: { action: "nothing", sound: false, why: "" } } });
}

describe("what another job measured", () => {
  it.each<[string, ModelDrift]>([
    ["nothing, when it was not asked", modelDrift()],
    ["shares, a comparison and what is not known yet", judged()],
    ["what cannot be known", judged({ findings: [unknown] })],
  ])("is taken over: %s", async (_title, entry) => {
    expect(await read(entry)).toEqual(entry);
  });

  it("may come from an earlier mergeml, which did not ask", async () => {
    const { rollback: _, ...earlier } = modelDrift();
    expect(await read(earlier)).toEqual(earlier);
  });

  it.each<[string, object]>([
    ["a share above one", { findings: [errors({ share: 7 })] }],
    ["a text for a share", { findings: [{ ...errors(), share: "all" }] }],
    [
      "a number that is none",
      { findings: [{ ...comparison(), difference: { value: null, low: 1, high: 2, confidence: 1 } }] },
    ],
    ["a metric with a line of its own", { findings: [comparison({ metric: "rmse\n# Merged by me" })] }],
    ["an unknown condition", { findings: [{ ...few, condition: "mood" }] }],
    ["too many findings", { findings: [few, few, few, few] }],
    ["a promotion that is no commit", { promotion: "HEAD" }],
    ["a window that is no time", { window: { from: "yesterday", to: "today" } }],
    ["another model's name", { model: "@everyone" }],
  ])("is refused with %s", async (_title, changes) => {
    expect(await read(judged(changes as Partial<Evidence>))).toMatchObject({ model: "flight-delay", outcome: "error" });
  });

  it.each<[string, object]>([
    [
      "a retrain whose window is no time",
      { retrain: { kind: "move", window: { start: "2001-01-01", end: "`\n# Merged" } } },
    ],
    [
      "a trial of no metric",
      {
        retrain: {
          kind: "move",
          window: { start: "2001-01-01", end: "2001-06-04" },
          trial: { metric: "@everyone", rows: 1, production: 1, candidate: 1, low: 0, high: 0, better: true },
        },
      },
    ],
    ["a reason with a mention", { retrain: { kind: "stay", why: "ask @everyone" } }],
    ["known data of no time", { reference: { ...modelDrift().reference, known: { from: "then", to: "now" } } }],
    ["labels of no time", { labelled: { from: "then", to: "now" } }],
    ["a window without a reason why it was not read", { unread: [modelDrift().window] }],
    ["a newest window that is no time", { window: { from: "2001-06-01", to: "2001-06-08" } }],
  ])("is refused with %s", async (_title, changes) => {
    expect(await read({ ...modelDrift(), ...changes })).toMatchObject({ model: "flight-delay", outcome: "error" });
  });

  it.each<[string, Partial<ModelDrift>]>([
    ["a window that moves", { retrain: { kind: "move", window: { start: "2001-01-01T06:30Z", end: "2001-06-04" } } }],
    [
      "a window that was tried",
      {
        retrain: {
          kind: "move",
          window: { start: "2001-01-01", end: "2001-06-04" },
          trial: { metric: "rmse", rows: 400, production: 2, candidate: 1.5, low: -0.7, high: -0.3, better: true },
        },
      },
    ],
    ["one that stays", { retrain: { kind: "stay", why: "v3, trained up to 2001-06-03, was rolled back" } }],
    ["a config that is gone", { retrain: { kind: "gone" } }],
    ["labels of an earlier window", { labelled: modelDrift().window }],
    ["a window that was not read", { unread: [{ ...modelDrift().window, reason: "no file can be read: a.parquet" }] }],
    ["a reference of no known time", { reference: { ...modelDrift().reference, known: null, times: null } }],
  ])("is taken over with %s", async (_title, changes) => {
    const entry = modelDrift(changes);
    expect(await read(entry)).toEqual(entry);
  });

  it("is refused when the file speaks of another model", async () => {
    expect(await read(modelDrift({ model: "rent" }))).toMatchObject({
      outcome: "error",
      error: { message: "the result flight-delay.json speaks of another model" },
    });
  });
});
