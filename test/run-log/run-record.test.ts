import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../pipelines/config/canonical-json.ts";
import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import { listRuns } from "../../pipelines/run-log/list-runs.ts";
import { openRunParser } from "../../pipelines/run-log/parse-run.ts";
import { renderComparison, renderRun, renderRuns } from "../../pipelines/run-log/render-runs.ts";
import { runText } from "../../pipelines/run-log/run-queue.ts";
import { failedRunOf, runId, runPath } from "../../pipelines/run-log/run-record.ts";
import { makeRun, minutesLater } from "./builders.ts";

const parse = await openRunParser();
const context = { event: "train", by: "Ada", commit: null, dirty: false } as const;
const configWith = (params: ModelConfig["params"]) =>
  ({ name: "rent", task: "regression", type: "linear", seed: 1, params }) as ModelConfig;
const anyParams = fc.dictionary(fc.string({ maxLength: 40 }), fc.jsonValue() as fc.Arbitrary<Json>, { maxKeys: 20 });

describe("a run's record", () => {
  it("reads back as it was written, under the id that its content gives", () => {
    fc.assert(
      fc.property(
        anyParams,
        fc.string(),
        fc.date({ min: new Date(0), noInvalidDate: true, max: new Date(4e12) }),
        (params, error, time) => {
          const record = failedRunOf(configWith(params), error, { ...context, time });
          const read = parse(Buffer.from(runText(record)));
          expect(read).toEqual(record);
          expect(runId(record)).toBe(record.id);
          expect(runPath(record)).toMatch(/^runs\/rent\/\d{4}\/\d{8}T\d{9}Z-[0-9a-f]{12}\.json$/);
        },
      ),
    );
  });

  it("is refused, not crashed on, when it is anything else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(parse(Buffer.from(text))).toEqual({ problem: expect.any(String) });
      }),
    );
  });

  it("may have any field damaged without breaking a list", () => {
    const field = fc.constantFrom(...Object.keys(makeRun()));
    fc.assert(
      fc.property(field, fc.jsonValue(), (name, value) => {
        const read = parse(Buffer.from(JSON.stringify({ ...makeRun(), [name]: value })));
        if ("problem" in read) return;
        const other = makeRun({ time: minutesLater(1) });
        expect(renderRuns(listRuns([other, read], {}))).toContain("when (UTC)");
        expect(renderRun(read)).toContain("param");
        expect(renderComparison(other, read)).toContain("metric");
      }),
    );
  });
});
