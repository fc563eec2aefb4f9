import { describe, expect, it } from "vitest";
import { answerRows, ScoringError } from "../../pipelines/serving/answer-rows.ts";
import { openScoringQueue } from "../../pipelines/serving/model/scoring-queue.ts";
import type { ServedModel } from "../../pipelines/serving/served-model.ts";
import { openModel } from "../../pipelines/training/onnx/session.ts";
import { batchOf, servedModel, textColumn } from "./builders.ts";
import { rentModel } from "./served-registry.ts";

const signature = {
  features: [
    { name: "size", kind: "number" as const },
    { name: "city", kind: "category" as const },
  ],
  classes: [],
};
const rows = (sizes: readonly number[], keys: readonly string[] | null = null, city = "Ulm") =>
  batchOf(
    sizes.length,
    [
      { name: "size", kind: "number", values: Float64Array.from(sizes) },
      textColumn(
        "city",
        sizes.map(() => city),
      ),
    ],
    keys,
  );
const arrival = { time: 0, steady: 0 };
const router = { isChallengers: (_model: string, _share: number, key: string | null) => key?.startsWith("c") === true };

async function served(version: number, level: number): Promise<ServedModel> {
  const model = await openModel(rentModel(level), signature);
  return { ...servedModel(version), score: openScoringQueue(model) };
}
const failing = (version: number): ServedModel => ({
  ...servedModel(version),
  score: () => Promise.reject(new Error("it is broken")),
});

describe("a split", () => {
  it("answers each row by the version of its key, in the order of the rows", async () => {
    const pair = { production: await served(1, 100), challenger: { model: await served(2, 200), share: 0.5 } };
    const answer = await answerRows(pair, rows([1, 2, 3], ["c1", "p1", "c2"]), { router, arrival });
    expect([...answer.predictions.values]).toEqual([201, 102, 203]);
    expect(answer.versions).toEqual([2, 1, 2]);
    expect(answer.answered.map(({ arm, batch }) => [arm, batch.keys])).toEqual([
      ["challenger", ["c1", "c2"]],
      ["production", ["p1"]],
    ]);
    const whole = await answerRows(pair, rows([1, 2], ["c1", "c2"]), { router, arrival });
    expect([whole.version, [...whole.predictions.values]]).toEqual([2, [201, 202]]);
  });

  it("is answered by production when the challenger fails, and the log knows", async () => {
    const pair = { production: await served(1, 100), challenger: { model: failing(2), share: 0.5 } };
    const answer = await answerRows(pair, rows([1, 2], ["c1", "p1"]), { router, arrival });
    expect([...answer.predictions.values]).toEqual([101, 102]);
    expect(answer.answered.map(({ arm, error }) => [arm, error])).toEqual([
      ["challenger", "rent@2 cannot score these rows: it is broken"],
      ["production", null],
    ]);
  });
});

it("a model that fails is told, with what the log gets", async () => {
  const error: unknown = await answerRows({ production: failing(1), challenger: null }, rows([1]), {
    router,
    arrival,
  }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ScoringError);
  expect((error as ScoringError).answered).toMatchObject([
    { predictions: null, error: expect.stringContaining("it is broken") },
  ]);
});

it("rows that come together are scored together, and those that fail take no others with them", async () => {
  const model = await openModel(rentModel(100), signature);
  const calls: number[] = [];
  const score = openScoringQueue({
    predict(features) {
      const [size] = features;
      const values = size?.kind === "category" ? [] : [...(size?.values ?? [])];
      calls.push(values.length);
      return values.includes(13) ? Promise.reject(new Error("bad luck")) : model.predict(features);
    },
  });
  const ask = (size: number) => score(rows([size])).then(({ values }) => [...values].join());
  expect(await Promise.all([1, 2, 3].map(ask))).toEqual(["101", "102", "103"]);
  expect(calls).toEqual([3]);
  const settled = await Promise.allSettled([1, 13, 3].map(ask));
  expect(settled.map((each) => (each.status === "fulfilled" ? each.value : each.reason.message))).toEqual([
    "101",
    "bad luck",
    "103",
  ]);
});
