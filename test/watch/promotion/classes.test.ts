import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Distribution } from "../../../pipelines/watch/profile/distribution.ts";
import { compareVersions, countOutside } from "../../../pipelines/watch/promotion/live-evidence.ts";
import { query } from "../../predictions/parquet.ts";
import { makeScratch, type Scratch } from "../../scratch.ts";

let scratch: Scratch;
beforeAll(() => {
  scratch = makeScratch({ model: false, remote: false });
});
afterAll(() => scratch[Symbol.dispose]());

/** Probabilities of yes and no that were 0.1 … 0.9 on the test split. */
function range(name: string, min: number | null, max: number | null): Distribution {
  const none = { mean: null, deviation: null, edges: [], counts: [10], equal: null, below: 0, above: 0, exact: false };
  return { name, kind: "numeric", rows: 10, missing: 0, infinite: 0, min, max, ...none };
}

const label: Distribution = {
  name: "label",
  kind: "category",
  rows: 10,
  missing: 0,
  categories: [],
  other: 0,
  unlisted: [],
  buckets: null,
};
const predictions = [label, range("probability_no", 0.1, 0.9), range("probability_yes", 0.1, 0.9)];

async function outside(rows: string, columns = ["label", "probability_no", "probability_yes"], profile = predictions) {
  const file = join(scratch.folder, "window.parquet");
  await query(
    `COPY (SELECT 'no' AS label, * FROM (VALUES ${rows}) t(probability_no, probability_yes)) TO '${file}' (FORMAT parquet)`,
  );
  const window = {
    file,
    rows: rows.split(")").length - 1,
    columns: { features: [], predictions: columns, target: null },
  };
  return countOutside({ predictions: profile }, window);
}

describe("class probabilities", () => {
  it.each<[string, string, object]>([
    ["within the range", "(0.5, 0.5), (0.1, 0.9)", { rows: 2, outside: 0 }],
    ["off by the rounding of 32 bits", "(0.09999999, 0.90000001)", { rows: 1, outside: 0 }],
    ["once for a row, when both are beyond", "(0.05, 0.95), (0.5, 0.5)", { rows: 2, outside: 1 }],
    ["not finite", "('nan'::DOUBLE, 0.5), (0.5, 'inf'::DOUBLE)", { rows: 2, outside: 2 }],
    ["not there", "(NULL, NULL), (0.5, 0.5)", { rows: 1, outside: 0 }],
  ])("are counted: %s", async (_title, rows, counted) => {
    expect(await outside(rows)).toEqual(counted);
  });

  it("cannot be counted when the rows or the profile lack them", async () => {
    const row = "(0.5, 0.5)";
    expect(await outside(row, ["label"])).toEqual({ reason: "the rows have no probability_no, probability_yes" });
    expect(await outside(row, undefined, [])).toEqual({
      reason: "the version's profile has no predictions of the test split",
    });
    expect(await outside(row, undefined, [range("probability_no", null, null)])).toEqual({
      reason: "no probability_no on the test split was a finite number",
    });
  });
});

describe("two versions on the same rows", () => {
  const first = { seed: 1, window: 1 };
  const rows = 400;
  const codes = Int32Array.from({ length: rows }, (_, at) => at % 2);
  const target = { task: "classification", codes, classes: ["no", "yes"] } as const;
  const sure = (right: (at: number) => boolean, classes = ["no", "yes"]) => {
    const values = new Float32Array(rows * classes.length);
    for (let at = 0; at < rows; at++) {
      const said = (codes[at]! + (right(at) ? 0 : 1)) % 2;
      for (const [each, name] of classes.entries())
        values[at * classes.length + each] = name === target.classes[said] ? 0.9 : 0.1 / (classes.length - 1);
    }
    return { rows, classes, values };
  };

  it("are compared by class, whatever their order and number", () => {
    const current = sure((at) => at % 3 > 0);
    const previous = sure((at) => at % 10 > 0, ["yes", "maybe", "no"]);
    const compared = compareVersions("accuracy", target, { current, previous }, first);
    expect(compared).toMatchObject({ direction: "max" });
    expect(compared.candidate).toBeCloseTo(0.665, 3);
    expect(compared.production).toBeCloseTo(0.9, 3);
    expect(compared.difference!.high).toBeLessThan(0);
    expect(compareVersions("accuracy", target, { current, previous }, first)).toEqual(compared);
  });

  it("do not differ when they say the same", () => {
    const same = sure((at) => at % 3 > 0);
    const { difference } = compareVersions("log_loss", target, { current: same, previous: same }, first);
    expect(difference).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  it("have no difference when one says no numbers", () => {
    const broken = { rows, classes: ["no", "yes"], values: new Float32Array(rows * 2).fill(Number.NaN) };
    const compared = compareVersions("log_loss", target, { current: broken, previous: sure(() => true) }, first);
    expect(compared).toMatchObject({ difference: null, problem: "800 of 800 probabilities are NaN or infinite" });
  });
});
