import { describe, expect, it } from "vitest";
import { compareWithJudged } from "../../actions/shared/judged-before.ts";
import { candidateMarker, readCandidateMarker, remember } from "../../actions/shared/report-comment.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { candidate, modelConfig } from "../report/builders.ts";

const record = candidate(modelConfig("rent"));
const other = "f".repeat(64);
const judged = (records: readonly CandidateRecord[], before?: ReturnType<typeof readCandidateMarker>) =>
  readCandidateMarker(`Text.\n${candidateMarker(records, before)}\n## more`);

describe("what a pull request's comment remembers of its candidates", () => {
  it("says that the deploy made the same again", () => {
    expect(compareWithJudged(record, judged([record]).get("rent") ?? null)).toEqual([]);
  });

  it.each<[string, Partial<CandidateRecord>, string[]]>([
    ["bytes", { model: { ...record.model, sha256: `sha256:${other}` } }, ["the bytes of model.onnx"]],
    ["a config", { definition: `sha256:${other}` }, ["config, query or trainer"]],
    ["train rows", { train: { ...record.train, fingerprint: `fp:${other.slice(32)}` } }, ["the train rows"]],
    [
      "test rows and bytes",
      {
        test: { ...record.test, fingerprint: `fp:${other.slice(32)}` },
        model: { ...record.model, sha256: `sha256:${other}` },
      },
      ["the bytes of model.onnx", "the test rows"],
    ],
  ])("says what differs: other %s", (_title, changes, differs) => {
    expect(compareWithJudged({ ...record, ...changes }, judged([record]).get("rent") ?? null)).toEqual(differs);
  });

  it("says nothing of a model that no comment remembers", () => {
    expect(compareWithJudged(record, judged([]).get("rent") ?? null)).toBeNull();
  });

  it("leaves room for the report, however many models there are", () => {
    const records = Array.from({ length: 500 }, (_, at) => candidate(modelConfig(`model-${at}`)));
    expect(candidateMarker(records).length).toBeLessThan(12_000);
    expect(judged(records).size).toBe(60);
  });

  it("has a limit, however many were tried, and forgets the oldest", () => {
    const models = Array.from({ length: 60 }, (_, at) => `model-${at}`);
    let before = judged([]);
    for (let n = 0; n < 30; n += 1) {
      const id = `c-${`${n}`.padStart(8, "0")}${"0".repeat(56)}`;
      before = judged(
        models.map((name) => candidate(modelConfig(name), { id })),
        before,
      );
    }
    expect(candidateMarker([], before).length).toBeLessThan(30_000);
    expect(before.size).toBe(60);
    expect(before.get("model-7")?.judged).toHaveLength(16);
    expect(before.get("model-7")?.judged?.at(-1)).toMatch(/00000029$/);
  });

  it.each([
    ["none", "## mergeml"],
    ["JSON that is cut", '<!-- mergeml:candidates {"rent": -->'],
    ["values that are no hashes", '<!-- mergeml:candidates {"rent":{"sha256":"<b>","definition":1}} -->'],
    [
      "tries that are none",
      `<!-- mergeml:candidates ${JSON.stringify({ rent: { ...remember(record), judged: ["<b>"] } })} -->`,
    ],
    ["a list", '<!-- mergeml:candidates {"rent":[]} -->'],
    ["a line that quotes it", `> ${candidateMarker([record])}`],
  ])("is nothing when the line is %s", (_title, body) => {
    expect(readCandidateMarker(body).size).toBe(0);
  });
});
