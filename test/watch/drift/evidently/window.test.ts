import { expect, test } from "vitest";
import type { DriftResult } from "../../../../pipelines/watch/drift/drift-result.ts";
import { answerColumns, restate } from "../../../../pipelines/watch/drift/evidently/judge-by-evidently.ts";
import { judgeDrift } from "../../../../pipelines/watch/drift/judge-drift.ts";
import { profileOf, windowOf } from "../builders.ts";
import { parquetFolder } from "../parquet.ts";

const features = { size: "number", rooms: "number", city: "category", lift: "boolean" } as const;

const flats = (rows: number, changes: Readonly<Record<string, string>> = {}) => {
  const columns = {
    size: "(i * 37) % 101",
    rooms: "1 + i % 4",
    city: "['Bonn', 'Ulm', 'Trier'][1 + i % 3]",
    lift: "i % 3 = 0",
    prediction: "(i * 53) % 97 / 10.0",
    ...changes,
  };
  const selected = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`);
  return `SELECT ${selected.join(", ")} FROM range(${rows}) t(i)`;
};

/** From Parquet files to the result, as a check goes. */
async function judged(reference: string, window: string): Promise<DriftResult> {
  using folder = parquetFolder();
  const before = await folder.write("reference.parquet", reference);
  const now = await folder.write("window.parquet", window);
  const profile = await profileOf({
    file: before,
    features,
    importance: {},
    predictions: ["prediction"],
    performance: null,
  });
  const current = await windowOf(profile, now);
  const calibrated = judgeDrift({ profile, window: current, performance: null, drift: { min_rows: 20, share: 0.3 } });
  const rows = { reference: [before], current: [now], threads: 1, memory_gb: 1 };
  const answer = (columns: DriftResult["features"]) =>
    answerColumns(
      rows,
      columns.map(({ name, kind }) => ({ reference: name, current: name, kind })),
    );
  const [ofFeatures, ofPredictions] = [await answer(calibrated.features), await answer(calibrated.predictions)];
  return restate(calibrated, { features: ofFeatures, predictions: ofPredictions });
}

function drifting({ features: columns, predictions }: DriftResult): string[] {
  return [...columns, ...predictions].filter(({ verdict }) => verdict === "drift").map(({ name }) => name);
}

test.each([30, 1000, 1001, 5000])("identical data of %d rows is clean", async (rows) => {
  const result = await judged(flats(rows), flats(rows));
  expect(result).toMatchObject({ method: "evidently", outcome: "clean", share: { drifting: 0, limit: 0.5 } });
  for (const { effects, statistics } of [...result.features, ...result.predictions]) {
    expect(effects).toHaveLength(1);
    expect(statistics).toMatchObject({ jensenShannon: 0, psi: 0 });
  }
});

test.each<[string, Record<string, string>, string[]]>([
  ["a constant column", { size: "50" }, ["size"]],
  ["all null", { size: "CAST(NULL AS INTEGER)", city: "CAST(NULL AS VARCHAR)" }, ["size", "city"]],
  ["only infinities", { prediction: "CASE WHEN i % 2 = 0 THEN 'inf'::DOUBLE ELSE '-inf'::DOUBLE END" }, ["prediction"]],
  ["one category replaced by another", { city: "['Bonn', 'Ulm', 'Linz'][1 + i % 3]" }, ["city"]],
  [
    "a few infinities among the numbers",
    { size: "CASE WHEN i % 100 = 0 THEN 'inf'::DOUBLE ELSE (i * 37) % 101 END" },
    [],
  ],
  ["half of the columns", { size: "i % 7", city: "'Ulm'", prediction: "1000.0" }, ["size", "city", "prediction"]],
])("%s", async (_, changes, expected) => {
  for (const rows of [900, 3000]) {
    const result = await judged(flats(rows), flats(800, changes));
    expect(drifting(result).sort()).toEqual(expected.toSorted());
    expect(result.share.drifting).toBe(expected.length / 5);
    expect(result.outcome).toBe(expected.length >= 2.5 ? "drift" : "clean");
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  }
});
