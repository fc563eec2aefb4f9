import { describe, expect, it } from "vitest";
import { compareWithProfile } from "../../pipelines/watch/check-drift-window.ts";
import { measureMetric } from "../../pipelines/watch/performance/measure-metric.ts";
import { readOutcomes } from "../../pipelines/watch/performance/read-outcomes.ts";
import type { Profile } from "../../pipelines/watch/profile/profile.ts";
import { profileOf } from "./drift/builders.ts";
import { parquetFolder } from "./drift/parquet.ts";

/** Rows whose target is 10 times the feature and an error of up to `error` in either direction. */
const numbers = (rows: number, error: number, target = `10 * a + ${error} * (2 * b - 1)`) =>
  `SELECT a AS x, 10 * a AS prediction, ${target} AS target FROM (SELECT random() AS a, random() AS b FROM range(${rows}))`;

/** Rows of two classes, of which the share `right` is what the model takes for more probable. */
const classes = (rows: number, right: number) => `SELECT a AS x, 0.2 + 0.6 * CAST(a < 0.5 AS INTEGER) AS probability_no,
  1 - probability_no AS probability_yes, CASE WHEN (a < 0.5) = (b < ${right}) THEN 'no' ELSE 'yes' END AS target
  FROM (SELECT random() AS a, random() AS b FROM range(${rows}))`;

async function profileWith(file: string, metric: string, labels: readonly string[]): Promise<Profile> {
  const task = labels.length > 0 ? "classification" : "regression";
  const predicted = task === "regression" ? ["prediction"] : labels.map((name) => `probability_${name}`);
  const outcomes = await readOutcomes({ files: [file], task, target: "target", classes: labels, predicted });
  const performance = measureMetric(metric, outcomes!.target, outcomes!.predictions, 7);
  if ("problem" in performance) throw new Error(performance.problem);
  return { ...(await profileOf({ file, features: { x: "number" }, performance })), task, classes: labels };
}

const options = { threads: 1, memory_gb: 1, expected: [], seed: 7, drift: { min_rows: 100, share: 0.3 } };

describe("a window with labels", () => {
  it.each([
    ["stays as good", numbers(500, 2), { outcome: "clean", performance: { verdict: "stable", metric: "mae" } }],
    [
      "gets worse while no column moves",
      numbers(500, 3),
      { because: ["performance"], performance: { verdict: "drift" } },
    ],
    ["is known of no row", numbers(500, 3, "CAST(NULL AS DOUBLE)"), { outcome: "clean", performance: null }],
    [
      "is known of few rows",
      numbers(500, 3, "CASE WHEN b < 0.1 THEN 50.0 END"),
      { performance: { verdict: "too few rows" } },
    ],
    [
      "is known of very few rows",
      numbers(500, 3, "CASE WHEN b < 0.01 THEN 50.0 END"),
      { performance: { current: null, verdict: "stable" } },
    ],
    ["has no target column", "SELECT random() AS x FROM range(500)", { outcome: "clean", performance: null }],
  ])("regression: %s", async (_, window, expected) => {
    using folder = parquetFolder();
    const profile = await profileWith(await folder.write("reference.parquet", numbers(2000, 2)), "mae", []);
    expect(profile.performance!.value).toBeCloseTo(1, 1);
    const result = await compareWithProfile(profile, { ...options, files: [await folder.write("w.parquet", window)] });
    expect(result).toMatchObject(expected);
  });

  it.each([
    ["log_loss", classes(800, 0.8), "stable"],
    ["log_loss", classes(800, 0.6), "drift"],
    ["accuracy", classes(800, 0.8), "stable"],
    ["accuracy", classes(800, 0.6), "drift"],
    ["roc_auc", classes(800, 0.6), "drift"],
    ["log_loss", `SELECT * REPLACE ('maybe' AS target) FROM (${classes(300, 0.8)})`, "drift"],
  ])("classification by %s", async (metric, window, verdict) => {
    using folder = parquetFolder();
    const profile = await profileWith(await folder.write("reference.parquet", classes(2000, 0.8)), metric, [
      "no",
      "yes",
    ]);
    const result = await compareWithProfile(profile, { ...options, files: [await folder.write("w.parquet", window)] });
    expect(result.performance).toMatchObject({ metric, verdict });
  });

  it("measures the same rows alike each time, across files", async () => {
    using folder = parquetFolder();
    const files = [await folder.write("a.parquet", numbers(400, 2)), await folder.write("bb.parquet", numbers(300, 2))];
    const profile = await profileWith(files[0]!, "rmse", []);
    const [first, second] = [
      await compareWithProfile(profile, { ...options, files }),
      await compareWithProfile(profile, { ...options, files }),
    ];
    expect(first).toEqual(second);
    expect(first.performance!.current).toMatchObject({ rows: 700, metric: "rmse", confidence: 0.95 });
  });
});
