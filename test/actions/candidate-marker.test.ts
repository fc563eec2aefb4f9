import { describe, expect, it } from "vitest";
import { candidateMarker, readCandidateMarker } from "../../actions/shared/candidate-marker.ts";
import { compareWithJudged } from "../../actions/shared/judged-before.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { candidate, modelConfig } from "../report/builders.ts";

const record = candidate(modelConfig("rent"));
const other = "f".repeat(64);
const judged = (records: readonly CandidateRecord[]) =>
  readCandidateMarker(`Text.\n${candidateMarker(records)}\n## more`);

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

  it.each([
    ["none", "## mergeml"],
    ["JSON that is cut", '<!-- mergeml:candidates {"rent": -->'],
    ["values that are no hashes", '<!-- mergeml:candidates {"rent":{"sha256":"<b>","definition":1}} -->'],
    ["a list", '<!-- mergeml:candidates {"rent":[]} -->'],
    ["a line that quotes it", `> ${candidateMarker([record])}`],
  ])("is nothing when the line is %s", (_title, body) => {
    expect(readCandidateMarker(body).size).toBe(0);
  });
});
