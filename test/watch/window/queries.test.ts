import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scratch } from "../../scratch.ts";
import { deployedRides, windowOf } from "./rides.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await deployedRides();
});
afterAll(() => scratch[Symbol.dispose]());

describe("the feature query on the next window", () => {
  it("gives raw features, production's predictions and the target, over a month boundary", async () => {
    const found = await windowOf(scratch, { now: "2001-05-01T09:30:00Z", window: "2d" });
    expect(found).toMatchObject({
      source: "features",
      rows: 48,
      columns: { features: ["km", "weather"], predictions: ["prediction"], target: "minutes" },
      labels: { known: 48, late: 0, missing: 0, duplicated: 0, problem: null },
      ...{ vanished: [], changed: [], added: [], rejected: 0, log: null },
    });
    expect(found.content).toHaveLength(48);
    expect(Object.keys(found.content[0] ?? {})).toEqual(["km", "weather", "prediction", "minutes"]);
    for (const { prediction, minutes } of found.content)
      expect(Math.abs(Number(prediction) - Number(minutes))).toBeLessThan(3);
  });

  it.each([
    { title: "before there is data", now: "2000-06-01" },
    { title: "in the future", now: "2031-01-01" },
  ])("has no rows $title", async ({ now }) => {
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ rows: 0, labels: { known: 0, late: 0, missing: 0, duplicated: 0, problem: null } });
    expect(found.content).toEqual([]);
    expect(found.columns.features).toEqual(["km", "weather"]);
  });

  it("leaves out labels that are younger than the delay", async () => {
    const found = await windowOf(scratch, { now: "2001-05-02", window: "2d", drift: { label_delay: "12h" } });
    expect(found.labels).toMatchObject({ known: 37, late: 11 });
    expect(found.content.filter(({ minutes }) => minutes === null)).toHaveLength(11);
    const young = await windowOf(scratch, { now: "2001-05-02", window: "1d", drift: { label_delay: "1w" } });
    expect(young.labels).toMatchObject({ known: 0, late: 24 });
  });
});

describe("drift.query", () => {
  const monitoring = (sql: string, now = "2001-05-02") => {
    scratch.write("models/ride/monitoring.sql", sql);
    return windowOf(scratch, { now, drift: { query: "monitoring.sql" } });
  };
  const where = "FROM 'rides.parquet' WHERE started_at >= $start AND started_at < $end";

  it("may give the prediction and the target itself", async () => {
    const found = await monitoring(
      `SELECT id, km, weather, minutes + 1 AS prediction, CASE WHEN id % 2 = 0 THEN minutes END AS minutes, 1 AS more ${where}`,
    );
    expect(found).toMatchObject({
      source: "query",
      rows: 24,
      labels: { known: 12, missing: 12, late: 0 },
      added: ["more"],
    });
    for (const { prediction, minutes } of found.content)
      if (minutes !== null) expect(prediction).toBe(Number(minutes) + 1);
  });

  it("is scored without a prediction, and has no labels without the target", async () => {
    const found = await monitoring(`SELECT km, weather ${where}`);
    expect(found.labels).toEqual({
      known: 0,
      late: 0,
      missing: 0,
      duplicated: 0,
      problem: expect.stringContaining("target minutes"),
    });
    expect(found.columns).toEqual({ features: ["km", "weather"], predictions: ["prediction"], target: null });
    expect(found.content[0]).toEqual({
      km: expect.any(Number),
      weather: expect.any(String),
      prediction: expect.any(Number),
    });
  });

  it("with contradicting labels of a key counts none of them", async () => {
    const found = await monitoring(
      `SELECT id // 4 AS id, km, weather, CASE WHEN id < 2888 THEN 7 ELSE minutes END AS minutes ${where}`,
    );
    expect(found.rows).toBe(24);
    expect(found.labels).toMatchObject({ known: 8, duplicated: 16 });
  });

  it("tells of columns that vanished or are of another type", async () => {
    const found = await monitoring(`SELECT DATE '2001-01-01' AS km, minutes, id ${where}`);
    expect(found).toMatchObject({ vanished: ["weather"], changed: ["km"], columns: { features: ["km"] }, rows: 24 });
    expect(found.content[0]?.km).toEqual(new Date("2001-01-01"));
  });

  it("leaves out rows that cannot be converted", async () => {
    const found = await monitoring(
      `SELECT CASE WHEN id % 4 = 0 THEN 'far' ELSE CAST(km AS VARCHAR) END AS km, weather ${where}`,
    );
    expect(found).toMatchObject({ rows: 18, rejected: 6 });
  });

  it.each([
    ["$start and $end", ""],
    ["$end", "WHERE started_at >= $start"],
  ])("must use %s, which make a window", async (unused, part) => {
    await expect(monitoring(`SELECT km, weather FROM 'rides.parquet' ${part}`)).rejects.toThrow(
      `models/ride/monitoring.sql does not use ${unused}: every window would have the same rows`,
    );
  });

  it("must return a feature", async () => {
    const refused = monitoring(`SELECT id, km AS distance ${where}`);
    await expect(refused).rejects.toThrow(
      "models/ride/monitoring.sql returns none of the features of ride: km, weather",
    );
    await expect(refused).rejects.toMatchObject({
      problems: [{ hint: "name the columns so, as in features.sql; it returns: id, distance" }],
    });
  });

  it("obeys the rules of feature queries, and must be there", async () => {
    await expect(monitoring("SELECT * FROM read_text('/etc/hostname')")).rejects.toThrow("read_text may not be used");
    const missing = windowOf(scratch, { now: "2001-05-02", drift: { query: "gone.sql" } });
    await expect(missing).rejects.toThrow("models/ride/gone.sql, which drift.query names, is not there");
  });
});

it("a query without a window and without a log cannot be compared, and the error says what to do", async () => {
  using other = await deployedRides({ window: false });
  const error: unknown = await windowOf(other, { now: "2001-05-02" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    problems: [
      {
        message:
          "ride has no recent rows to compare: there is no prediction log in predictions/ride, and models/ride/features.sql has no window",
        hint: expect.stringMatching(/mergeml predict ride … --log.+drift\.query/),
      },
    ],
  });
});
