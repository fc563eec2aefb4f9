import { describe, expect, it, vi } from "vitest";
import { rowsFor } from "../../../pipelines/serving/challenge/rows-for.ts";
import type { AnsweredRequest, RowColumn, ServedModel, ServedPair } from "../../../pipelines/serving/served-model.ts";
import { openShadowing } from "../../../pipelines/serving/shadow/ask-shadow.ts";
import { answered, batchOf, servedModel, textColumn } from "../builders.ts";

const production = servedModel(1);
const columns: RowColumn[] = [
  { name: "size", kind: "number", values: Float64Array.of(1, 2) },
  textColumn("city", ["Ulm", null]),
];
const batch = batchOf(2, columns, ["1", "2"]);
const request = answered(production, batch);

interface Held extends ServedModel {
  held(): number;
}

function shadowOf(score: ServedModel["score"]): Held {
  let held = 0;
  return { ...servedModel(2), score, hold: () => void held++, letGo: () => void held--, held: () => held };
}

const says =
  (value: number): ServedModel["score"] =>
  async ({ rows }) => ({ rows, classes: [], values: new Float32Array(rows).fill(value) });
const pairOf = (model: ServedModel, share: number | null = null): ServedPair => ({
  production,
  challenger: { model, share },
});

describe("a shadow's copies", () => {
  it("are told with the time and keys of the request, and let go of the model", async () => {
    const told: AnsweredRequest[] = [];
    const shadow = shadowOf(says(7));
    const shadowing = openShadowing((each) => told.push(each));
    shadowing.ask(pairOf(shadow), request);
    expect([told.length, shadow.held()]).toEqual([0, 1]);
    await shadowing.settle();
    expect(told).toMatchObject([{ arm: "shadow", time: request.time, batch: { keys: ["1", "2"] }, error: null }]);
    expect([...told[0]!.predictions!.values, shadow.held()]).toEqual([7, 7, 0]);
  });

  it("are not made for a split, or without a challenger", async () => {
    const told = vi.fn();
    const shadowing = openShadowing(told);
    shadowing.ask(pairOf(shadowOf(says(7)), 0.5), request);
    shadowing.ask({ production, challenger: null }, request);
    await shadowing.settle();
    expect(told).not.toHaveBeenCalled();
  });

  it("are told as failed where the shadow fails", async () => {
    const told: AnsweredRequest[] = [];
    const failing = shadowOf(() => Promise.reject(new Error("no such op")));
    const shadowing = openShadowing((each) => told.push(each));
    shadowing.ask(pairOf(failing), request);
    await shadowing.settle();
    expect(told).toMatchObject([{ predictions: null, error: "no such op" }]);
    expect(failing.held()).toBe(0);
  });

  it("are left out, and counted, while a shadow hangs, which holds up no other", async () => {
    const told = vi.fn();
    const shadowing = openShadowing(told);
    const hanging = shadowOf(() => new Promise(() => {}));
    for (let each = 0; each < 20_000; each++) shadowing.ask(pairOf(hanging), request);
    expect(shadowing.skipped()).toBe(2 * 20_000 - 20_000);
    shadowing.ask(pairOf(shadowOf(says(7))), request);
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1), 2000);
  });
});

describe("rows for another version", () => {
  it("are put into its order, with missing values for what the request does not have", () => {
    const features = [
      { name: "city", kind: "category" as const },
      { name: "floor", kind: "number" as const },
      { name: "garden", kind: "category" as const },
      { name: "size", kind: "number" as const },
    ];
    const { columns: found, keys } = rowsFor({ signature: { features, key: [] } }, batch);
    expect(found).toEqual([
      columns[1],
      { name: "floor", kind: "number", values: Float64Array.of(Number.NaN, Number.NaN) },
      textColumn("garden", [null, null]),
      columns[0],
    ]);
    expect(keys).toBe(batch.keys);
    expect(rowsFor(production, batch)).toBe(batch);
  });

  it("are refused where a feature is of another kind", () => {
    const signature = { features: [{ name: "size", kind: "category" as const }], key: [] };
    expect(() => rowsFor({ signature }, batch)).toThrow("it takes size as a category, and the request has a number");
  });
});
