import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Action } from "../../actions/shared/action.ts";
import { judgeEntriesAfterTries, publishReport, rememberedBefore } from "../../actions/shared/publish-report.ts";
import { readCandidateMarker, triedBefore } from "../../actions/shared/report-comment.ts";
import type { JudgedEntry } from "../../pipelines/handover/training-outcome.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { openRunParser } from "../../pipelines/run-log/parse-run.ts";
import { runText } from "../../pipelines/run-log/run-queue.ts";
import { runRecordOf } from "../../pipelines/run-log/run-record.ts";
import { candidate, difference, evaluation, judged, metric, modelConfig, version } from "../report/builders.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const subject = { pullRequest: 1, headSha: "c".repeat(40), merge: null, baseRef: null, mayPublish: true };
const superior = { limits: { retrain: { mode: "superior", margin: null, confidence: 0.95 } } } as const;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-tries-"));
  vi.stubEnv("GITHUB_SERVER_URL", "https://ghe.example.org"); // without artifacts
  vi.stubEnv("RUNNER_TEMP", folder);
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** The n-th candidate of the pull request, better than production by little more than noise. */
function tried(n: number, change: Partial<CandidateRecord> = {}): JudgedEntry {
  const record = candidate(modelConfig("rent", superior), {
    id: `c-${`${n}`.padStart(8, "0")}${"a".repeat(56)}`,
    model: { sha256: `sha256:${"e".repeat(64)}`, size: 1 },
    ...change,
  });
  const production = version(1, candidate(modelConfig("rent")), evaluation({}));
  const better = metric("rmse", { production: 10, candidate: 8, naive: 90, difference: difference(-2, 1.6) });
  const scored = {
    state: "scored" as const,
    version: 1,
    model: production.candidate.model.sha256,
    features: record.features,
    classes: [],
  };
  return judged(record, evaluation({ model: record.model.sha256, metrics: [better], baseline: scored }), production);
}

/** Reports a candidate as the report job does, which has no run log. */
async function report(faulty: FaultyGitHub, entry: JudgedEntry): Promise<JudgedEntry> {
  const github = await faulty.open({});
  const unused = () => {
    throw new Error("not used here");
  };
  const workspace = {
    runs: { read: async () => ({ runs: [] }) },
    clock: { now: () => new Date("2026-11-27") },
    toolVersion: "0.1.0",
  } as unknown as Awaited<ReturnType<Action["workspace"]>>;
  const action: Action = {
    env: { GITHUB_STEP_SUMMARY: join(folder, "summary.md") },
    log: silentLog,
    input: () => "",
    list: unused,
    flag: unused,
    output: () => {},
    context: async () => ({
      ...github.context,
      serverUrl: "https://ghe.example.org",
      runUrl: "https://ghe.example.org/1",
    }),
    github: async () => github,
    workspace: async () => workspace,
    fail: () => {},
  };
  const before = await rememberedBefore(action, subject);
  const [told] = await judgeEntriesAfterTries(action, [entry], before);
  await publishReport(action, subject, [told!], { before });
  return told as JudgedEntry;
}

const comment = async (faulty: FaultyGitHub) =>
  (await faulty.server.ask<{ body: string }[]>("GET", "/repos/octo/models/issues/1/comments"))[0]!.body;

it("a pull request that tries one candidate after the other needs a clearer one each time, and the merge knows", async () => {
  await using faulty = await startFaultyGitHub();
  await faulty.server.ask("POST", "/repos/octo/models/issues", { title: "A better model" });
  const verdicts = [];
  for (const n of [1, 2, 3]) verdicts.push(await report(faulty, tried(n)));
  expect(verdicts.map(({ evaluation: each }) => each.judged_before)).toEqual([undefined, 1, 2]);
  expect(verdicts.map(({ verdict }) => verdict.outcome)).toEqual(["pass", "pass", "inconclusive"]);

  // The same again is no further one, and another split and back forgets none.
  expect((await report(faulty, tried(2))).evaluation.judged_before).toBe(1);
  const elsewhere = tried(4, { test: { ...tried(4).candidate.test, fingerprint: `fp:${"9".repeat(32)}` } });
  expect((await report(faulty, elsewhere)).evaluation.judged_before).toBeUndefined();
  const last = await report(faulty, tried(5));
  expect(last.evaluation.judged_before).toBe(3);

  const remembered = readCandidateMarker(await comment(faulty)).get("rent");
  expect(triedBefore(last.candidate, remembered)).toEqual(["00000001", "00000002", "00000003"]);
  const run = runRecordOf({ ...last }, 2, { event: "register", time: new Date(0), by: "Ada" });
  expect(run.tried).toEqual(["00000001", "00000002", "00000003"]);
  expect(openRunParser()(Buffer.from(runText(run)))).toEqual(run);
});

it("a comment that cannot be read takes the count with it, and not the report", async () => {
  await using faulty = await startFaultyGitHub();
  await faulty.server.ask("POST", "/repos/octo/models/issues", { title: "A better model" });
  await report(faulty, tried(1));
  faulty.server.fail({ method: "GET", path: /\/comments/, times: 99, status: 403 });
  expect((await report(faulty, tried(2))).evaluation.judged_before).toBeUndefined();
});
