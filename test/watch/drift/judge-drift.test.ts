import { describe, expect, it } from "vitest";
import type { ColumnDrift, CurrentPerformance, DriftResult } from "../../../pipelines/watch/drift/drift-result.ts";
import { judgeDrift } from "../../../pipelines/watch/drift/judge-drift.ts";
import type { MetricLevel } from "../../../pipelines/watch/profile/profile.ts";
import { profileOf, type Reference, windowOf } from "./builders.ts";
import { parquetFolder } from "./parquet.ts";

const features = { size: "number", rooms: "number", city: "category", lift: "boolean" } as const;

/** Flats: a skewed number, a count, a category and a boolean, and what a model says of them. */
const flats = (rows: number, changes: Readonly<Record<string, string>> = {}) => {
  const columns = {
    size: "exp(3.5 + 0.5 * sqrt(-2 * ln(1 - a)) * cos(2 * pi() * b))",
    rooms: "1 + CAST(floor(c * c * 6) AS INTEGER)",
    city: "CASE WHEN d < 0.5 THEN 'Bonn' WHEN d < 0.8 THEN 'Ulm' ELSE 'Trier' END",
    lift: "e < 0.3",
    prediction: "400 + 300 * c + 100 * a",
    ...changes,
  };
  const drawn = "SELECT random() AS a, random() AS b, random() AS c, random() AS d, random() AS e";
  const selected = Object.entries(columns).flatMap(([name, sql]) => (sql === "" ? [] : [`${sql} AS ${name}`]));
  return `SELECT ${selected.join(", ")} FROM (${drawn} FROM range(${rows}))`;
};

interface Case {
  reference?: string;
  window: string;
  importance?: Reference["importance"];
  measured?: { reference: MetricLevel; current: CurrentPerformance };
  minRows?: number;
}

async function judged({ reference, window, importance, measured, minRows = 200 }: Case): Promise<DriftResult> {
  using folder = parquetFolder();
  const profile = await profileOf({
    file: await folder.write("reference.parquet", reference ?? flats(3000)),
    features,
    importance: importance ?? { size: 0.5, rooms: 0.3, city: 0.15, lift: 0.05 },
    predictions: ["prediction"],
    performance: measured?.reference ?? null,
  });
  const current = await windowOf(profile, await folder.write("window.parquet", window));
  const drift = { min_rows: minRows, share: 0.3 };
  return judgeDrift({ profile, window: current, performance: measured?.current ?? null, drift });
}

function column(result: DriftResult, name: string): ColumnDrift {
  return [...result.features, ...result.predictions].find((each) => each.name === name)!;
}

/** Everything that is a number in a result, for the promise that it can be written as JSON. */
function numbersOf(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(numbersOf) : [];
}

describe("judging a window", () => {
  it("finds identical data clean, with no distance at all", async () => {
    using folder = parquetFolder();
    const file = await folder.write("rows.parquet", flats(2000));
    const profile = await profileOf({ file, features, predictions: ["prediction"] });
    const window = await windowOf(profile, file);
    const result = judgeDrift({ profile, window, performance: null, drift: { min_rows: 200, share: 0.3 } });
    expect(result).toMatchObject({
      outcome: "clean",
      because: [],
      added: [],
      rows: { reference: 2000, current: 2000 },
    });
    for (const { effects, p, statistics } of result.features) {
      expect(effects.map(({ value }) => value)).toEqual([0]);
      expect([p, statistics.psi, statistics.jensenShannon]).toEqual([1, 0, 0]);
    }
  });

  it("finds other rows of the same kind clean", async () => {
    const result = await judged({
      window: flats(1000, { size: "exp(3.5 + 0.5 * sqrt(-2 * ln(1 - b)) * cos(2 * pi() * a))" }),
    });
    expect(result.outcome).toBe("clean");
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("tells an important column that moved, by how much and how surely", async () => {
    const result = await judged({
      window: flats(1000, { size: "10 + exp(3.5 + 0.5 * sqrt(-2 * ln(1 - a)) * cos(2 * pi() * b))" }),
    });
    expect(result).toMatchObject({ outcome: "drift", because: ["features"], share: { drifting: 1, limit: 0.3 } });
    const size = column(result, "size");
    expect(size).toMatchObject({ verdict: "drift", significant: true, weight: 1, state: "compared" });
    expect(size.effects[0]).toMatchObject({ name: "wasserstein", limit: 0.1, exceeds: true });
    expect(size.statistics.wasserstein).toBeGreaterThan(0.4);
    expect(size.adjusted).toBeLessThan(1e-6);
    expect(result.features[0]).toBe(size);
    expect(size.shape.length).toBeGreaterThan(8);
    for (const side of ["reference", "current"] as const)
      expect(size.shape.reduce((sum, bar) => sum + bar[side], 0)).toBeCloseTo(1, 9);
  });

  it("does not call a model drifting for a column of little weight, which still shows", async () => {
    const result = await judged({ window: flats(1000, { lift: "e < 0.6" }) });
    expect(result).toMatchObject({ outcome: "clean", share: { drifting: 0.1 } });
    expect(column(result, "lift").verdict).toBe("drift");
  });

  it.each([
    ["nothing is known of the importance", {}],
    ["one of two columns that matter alike drifts", { size: 0.5, lift: 0.5 }],
  ])("calls it drifting when %s", async (_, importance) => {
    const result = await judged({ importance, window: flats(1000, { lift: "e < 0.6" }) });
    expect(result).toMatchObject({ outcome: "drift", because: ["features"], share: { drifting: 1 } });
  });

  it("says too few rows, which is neither, however different they are", async () => {
    const result = await judged({ window: flats(199, { size: "1e6" }) });
    expect(result).toMatchObject({ outcome: "too few rows", because: [], rows: { current: 199, least: 200 } });
    expect(column(result, "size").verdict).toBe("drift");
  });

  it("drifts when the predictions do", async () => {
    const result = await judged({ window: flats(1000, { prediction: "430 + 300 * c + 100 * a" }) });
    expect(result).toMatchObject({ outcome: "drift", because: ["prediction"] });
  });

  it("does not need the predictions", async () => {
    const result = await judged({ window: flats(1000, { prediction: "" }) });
    expect(result).toMatchObject({ outcome: "clean", predictions: [{ state: "vanished", verdict: "stable" }] });
  });
});

describe("columns that are not what they were", () => {
  it.each([
    ["is empty", flats(3000), "too few rows", { state: "compared", p: null, current: { rows: 0 } }],
    [
      "has no values any more",
      flats(1000, { size: "CAST(NULL AS DOUBLE)" }),
      "drift",
      { verdict: "drift", current: { missing: 1, mean: null } },
    ],
    [
      "is one value",
      flats(1000, { size: "40.0" }),
      "drift",
      { verdict: "drift", current: { min: 40, max: 40, deviation: 0 } },
    ],
    [
      "vanished",
      flats(1000, { size: "" }),
      "drift",
      { state: "vanished", verdict: "drift", current: null, effects: [] },
    ],
    ["became a text", flats(1000, { size: "'large'" }), "drift", { state: "type changed", verdict: "drift" }],
    [
      "is infinite at times",
      flats(1000, {
        size: "CASE WHEN e < 0.05 THEN 'inf'::DOUBLE ELSE exp(3.5 + 0.5 * sqrt(-2 * ln(1 - a)) * cos(2 * pi() * b)) END",
      }),
      "drift",
      { verdict: "drift" },
    ],
    [
      "is infinite always",
      flats(1000, { size: "'-inf'::DOUBLE" }),
      "drift",
      { verdict: "drift", current: { infinite: 1, mean: null } },
    ],
    ["is NaN always", flats(1000, { size: "'nan'::DOUBLE" }), "drift", { verdict: "drift", current: { missing: 1 } }],
  ])("a column that %s", async (title, window, outcome, expected) => {
    const result = await judged({ window: title === "is empty" ? `${window} LIMIT 0` : window });
    expect(result.outcome).toBe(outcome);
    expect(column(result, "size")).toMatchObject(expected);
    expect(numbersOf(result).every(Number.isFinite)).toBe(true);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("was constant, stays so, or moves", async () => {
    const reference = flats(2000, { size: "7.0" });
    const same = column(await judged({ reference, window: flats(500, { size: "7.0" }) }), "size");
    expect(same).toMatchObject({ verdict: "stable", effects: [{ value: 0 }] });
    const moved = column(await judged({ reference, window: flats(500, { size: "7.5" }) }), "size");
    expect(moved).toMatchObject({ verdict: "drift", effects: [{ exceeds: true }] });
  });

  it("had no values, and has none or some", async () => {
    const reference = flats(2000, { size: "CAST(NULL AS DOUBLE)" });
    expect(
      column(await judged({ reference, window: flats(500, { size: "CAST(NULL AS DOUBLE)" }) }), "size"),
    ).toMatchObject({
      state: "not compared",
      verdict: "stable",
    });
    expect(column(await judged({ reference, window: flats(500) }), "size")).toMatchObject({
      verdict: "drift",
      effects: [{ name: "missing", value: 1 }],
    });
  });

  it("tells a category that took another's place, by name", async () => {
    const window = flats(1000, { city: "CASE WHEN d < 0.5 THEN 'Bonn' WHEN d < 0.8 THEN 'Neu-Ulm' ELSE 'Trier' END" });
    const city = column(await judged({ window }), "city");
    expect(city).toMatchObject({ verdict: "drift", current: { unseen: [{ value: "Neu-Ulm" }] } });
    expect(city.effects.map(({ name, exceeds }) => [name, exceeds])).toEqual([
      ["total variation", true],
      ["unseen", true],
    ]);
    expect(city.effects[0]!.value).toBeCloseTo(0.3, 1);
    expect(city.shape.map(({ label }) => label).sort()).toEqual(["Bonn", "Neu-Ulm", "Trier", "Ulm"]);
  });

  it("lists new columns without alarm", async () => {
    const result = await judged({ window: `SELECT *, 1 AS balcony FROM (${flats(1000)})` });
    expect(result).toMatchObject({ outcome: "clean", added: ["balcony"] });
  });

  it("compares with a reference of 30 rows, carefully", async () => {
    const reference = flats(30);
    expect(await judged({ reference, window: flats(1000) })).toMatchObject({ outcome: "clean" });
    const moved = await judged({ reference, window: flats(1000, { size: "200 + a", rooms: "40" }) });
    expect(moved).toMatchObject({ outcome: "drift", rows: { reference: 30 } });
  });

  it("sees a share of missing values that grew", async () => {
    const window = flats(1000, { rooms: "CASE WHEN e > 0.1 THEN 1 + CAST(floor(c * c * 6) AS INTEGER) END" });
    const rooms = column(await judged({ window }), "rooms");
    expect(rooms.verdict).toBe("drift");
    expect(rooms.effects.filter(({ exceeds }) => exceeds).map(({ name }) => name)).toEqual(["missing"]);
  });
});

describe("labelled performance", () => {
  const level = (value: number, error: number, rows = 1000): MetricLevel => ({
    ...{ metric: "mae", direction: "min", rows, value, error, confidence: 0.95 },
    ...{ low: value - 2 * error, high: value + 2 * error },
  });
  const auc = (value: number, error: number): MetricLevel => ({
    ...level(value, error),
    metric: "roc_auc",
    direction: "max",
  });

  it.each([
    ["much worse for certain", level(10, 0.3), level(13, 0.4), "drift", 0.3],
    ["worse, but within noise", level(10, 2), level(13, 2), "stable", 0.3],
    ["surely worse, but by little", level(10, 0.1), level(10.9, 0.1), "stable", 0.09],
    ["better", level(10, 0.1), level(7, 0.1), "stable", -0.3],
    ["worse of a metric that is best at 1", auc(0.9, 0.005), auc(0.85, 0.005), "drift", 0.5],
    ["known of too few rows", level(10, 0.3), level(13, 0.4, 150), "too few rows", 0.3],
    ["perfect before, and no more", level(0, 0), level(1, 0.1), "drift", null],
  ] as const)("%s", async (_, reference, current, verdict, worse) => {
    const result = await judged({ window: flats(1000), measured: { reference, current } });
    expect(result.performance).toMatchObject({ verdict, current: { value: current.value } });
    if (worse !== null) expect(result.performance!.worse).toBeCloseTo(worse, 9);
    expect(result.because).toEqual(verdict === "drift" ? ["performance"] : []);
    expect(numbersOf(result).every(Number.isFinite)).toBe(true);
  });

  it("says why it has no value", async () => {
    const measured = {
      reference: level(10, 0.3),
      current: { problem: "the outcome of 3 rows is known, and 10 is the least" },
    };
    const result = await judged({ window: flats(1000), measured });
    expect(result).toMatchObject({
      outcome: "clean",
      performance: { current: null, problem: measured.current.problem, verdict: "stable" },
    });
  });

  it("tells where the calendar is outside of the trained range, and calls nothing else of it drift", async () => {
    using folder = parquetFolder();
    const rows = (from: number, gaps: number) =>
      `SELECT CASE WHEN random() >= ${gaps} THEN ${from} + r % 70 END AS day, random() AS size FROM range(2000) t(r)`;
    const features = { day: "number", size: "number" } as const;
    const profile = await profileOf({ file: await folder.write("reference.parquet", rows(1, 0)), features });
    const past = { spread: null, groups: 0, calendar: "day of year", season: null };
    const known = { ...profile, features: profile.features.map((each, at) => (at === 0 ? { ...each, past } : each)) };
    const drift = { min_rows: 200, share: 0.3 };
    const judge = async (file: string) =>
      judgeDrift({ profile: known, window: await windowOf(known, file), performance: null, drift });
    const moved = await judge(await folder.write("window.parquet", rows(61, 0)));
    expect(moved.outcome).toBe("clean");
    expect(column(moved, "day")).toMatchObject({ verdict: "stable", p: null, calendar: { of: "day of year" } });
    expect(column(moved, "day").calendar!.outside).toBeCloseTo(6 / 7, 1);
    expect(moved.assumed![0]).toContain("taken to be independent");
    const empty = await judge(await folder.write("gaps.parquet", rows(61, 0.5)));
    expect(column(empty, "day")).toMatchObject({ verdict: "drift" });
  });
});
