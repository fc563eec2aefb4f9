import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../pipelines/config/canonical-json.ts";
import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import { renderRun, renderRunComparison, renderRuns } from "../../pipelines/report/terminal/runs-table.ts";
import { listRuns } from "../../pipelines/run-log/list-runs.ts";
import { openRunParser } from "../../pipelines/run-log/parse-run.ts";
import { runText } from "../../pipelines/run-log/run-queue.ts";
import { failedRunOf, runId, runPath, runRecordOf } from "../../pipelines/run-log/run-record.ts";
import type { TrainingCurve } from "../../pipelines/training/trainer.ts";
import { candidate, evaluation, modelConfig, version } from "../report/builders.ts";
import { makeRun, minutesLater } from "./builders.ts";

const parse = openRunParser();
const context = { event: "train", by: "Ada", commit: null, dirty: false } as const;
const configWith = (params: ModelConfig["params"]) =>
  ({ name: "rent", task: "regression", type: "linear", seed: 1, params }) as ModelConfig;
const recordWith = (curves: readonly TrainingCurve[]) =>
  runRecordOf(version(1, candidate(modelConfig("rent"), { curves }), evaluation({})), null, {
    ...context,
    time: new Date(0),
  });
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

  it("keeps a long curve in few points, the first and the last among them", () => {
    const steps = Array.from({ length: 2001 }, (_, step) => step);
    const values = steps.map((step) => 100 / (step + 3));
    const record = recordWith([{ metric: "train rmse", steps, values }]);
    const [curve] = record.curves!;
    expect(curve?.metric).toBe("train rmse");
    expect([curve?.steps.length, curve?.values.length]).toEqual([50, 50]);
    expect([curve?.steps[0], curve?.steps.at(-1)]).toEqual([0, 2000]);
    expect([curve?.values[0], curve?.values.at(-1)]).toEqual([33.3333, 0.0499251]);
    expect(runText(record).length).toBeLessThan(6_000);
    expect(parse(Buffer.from(runText(record)))).toEqual(record);
    expect(renderRun(record)).toMatch(/^train rmse +0 to 2000 +33\.33 +0\.05 +█▁+$/m);
  });

  it("leaves out of a curve what is no number, and a curve that has none", () => {
    const curve = (values: number[]) => ({ metric: "loss", steps: values.map((_, step) => step), values });
    const record = recordWith([curve([3, Number.NaN, Number.POSITIVE_INFINITY, 1]), curve([Number.NaN]), curve([])]);
    expect(record.curves).toEqual([{ metric: "loss", steps: [0, 3], values: [3, 1] }]);
  });

  it("reads as before without curves", () => {
    const old = makeRun();
    expect(old).not.toHaveProperty("curves");
    const read = parse(Buffer.from(runText(old)));
    expect(read).toEqual(old);
    expect(runId(read as typeof old)).toBe(old.id);
    expect(renderRun(old)).not.toContain("curve");
  });

  it("is refused, not crashed on, when it is anything else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(parse(Buffer.from(text))).toEqual({ problem: expect.any(String) });
      }),
    );
  });

  it("may have any field damaged without breaking a list", () => {
    const field = fc.constantFrom(...Object.keys(makeRun()), "curves");
    fc.assert(
      fc.property(field, fc.jsonValue(), (name, value) => {
        const read = parse(Buffer.from(JSON.stringify({ ...makeRun(), [name]: value })));
        if ("problem" in read) return;
        const other = makeRun({ time: minutesLater(1) });
        expect(renderRuns(listRuns([other, read], {}))).toContain("when (UTC)");
        expect(renderRun(read)).toContain("param");
        expect(renderRunComparison(other, read)).toContain("metric");
      }),
    );
  });
});
