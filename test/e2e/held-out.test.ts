import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import type { Verdict } from "../../pipelines/gate/verdict.ts";
import { initialised, madeScratch, type Scratch } from "../scratch.ts";

interface Trained {
  evaluation: Evaluation;
  verdict: Verdict;
}

interface Choice {
  trees?: number;
  seed?: number;
  split?: string;
  key?: boolean;
  columns?: string;
}

/** Noise around a slope: who has seen a row knows its noise. */
function write(
  scratch: Scratch,
  { trees = 15, seed = 7, split = "test: 0.2", key = true, columns = "" }: Choice,
): void {
  const query = `SELECT ${key ? "i AS id, " : ""}${columns}hash(i) % 1000 / 100.0 AS a, hash(i * 7) % 1000 / 100.0 AS b,
    a + b + (hash(i * 11) % 1000 + hash(i * 13) % 1000) / 250.0 AS rent FROM range(1200) t(i)`;
  scratch.write("models/rent/features.sql", query);
  scratch.write(
    "models/rent/model.yaml",
    `name: rent
description: Rent
task: regression
type: gradient-boosting
seed: ${seed}
params: { trees: ${trees}, max_leaves: 31, min_rows_per_leaf: ${trees > 50 ? 2 : 20} }
features: { query: features.sql, ${key ? "key: id, " : ""}target: rent, split: { by: key, ${split} } }
thresholds: { primary: rmse, first_deploy: { rmse: { max: 100 } } }
`,
  );
}

const memorising = (key: boolean) =>
  madeScratch(`memorising-${key ? "key" : "row"}`, initialised, async (scratch) => {
    write(scratch, { trees: 300, key });
    await scratch.facts(["run", "rent"]);
  });

async function train(scratch: Scratch, choice: Choice, again = false): Promise<Trained> {
  write(scratch, choice);
  const { directory } = await scratch.facts<{ directory: string }>(["train", "rent"]);
  if (again) await scratch.facts(["gate", directory]);
  const read = (file: string) => JSON.parse(readFileSync(join(scratch.root, directory, file), "utf8"));
  return { evaluation: read("evaluation.json"), verdict: read("verdict.json") };
}

const forget = ({ root }: Scratch) => rmSync(join(root, ".mergeml/store"), { recursive: true });

test("the trainer's seed moves no row, another split leaves out what production was trained on", async () => {
  using scratch = await memorising(true);
  const honest = await train(scratch, { seed: 8 });
  expect(honest.evaluation).toMatchObject({ seen_by_production: 0, rows: honest.evaluation.test_rows });
  expect(honest.verdict.outcome).toBe("pass");
  const own = honest.evaluation.metrics[0]!.production!;

  const reseeded = await train(scratch, { split: "test: 0.2, seed: 5" });
  const { rows, test_rows, seen_by_production, metrics } = reseeded.evaluation;
  expect(rows + seen_by_production!).toBe(test_rows);
  expect(seen_by_production! / test_rows!).toBeGreaterThan(0.7);
  expect(metrics[0]!.production! / own).toBeGreaterThan(0.75);
  expect(reseeded.verdict.outcome).toBe("pass");
  expect(reseeded.verdict.notes).toContain(
    `Judged on ${rows} of ${test_rows} test rows: production v1 was trained on the others.`,
  );

  // Judged again, as a deploy does: by what is in production then.
  const again = await train(scratch, { split: "test: 0.2, seed: 5" }, true);
  expect(again.evaluation).toEqual(reseeded.evaluation);
  expect(again.verdict.notes).toEqual(reseeded.verdict.notes);

  const larger = await train(scratch, { split: "test: 0.4" });
  expect(larger.evaluation.rows).toBe(honest.evaluation.rows);
  expect(larger.evaluation.metrics[0]!.production).toBeCloseTo(own, 9);
  expect(larger.verdict.outcome).toBe("pass");

  forget(scratch);
  const filtered = await train(scratch, { split: "test: 0.2, seed: 5" });
  expect(filtered.evaluation.seen_by_production).toBeGreaterThanOrEqual(seen_by_production!);
  expect(filtered.evaluation.seen_by_production! - seen_by_production!).toBeLessThan(5);

  const few = await train(scratch, { split: "test: 0.02, seed: 9" });
  expect(few.verdict.outcome).toBe("inconclusive");
});

test("without a key an added column reshuffles, and rows are known by what both have", async () => {
  using scratch = await memorising(false);
  const added = await train(scratch, { key: false, columns: "hash(i * 17) % 10 AS c, " });
  const { test_rows, seen_by_production, metrics } = added.evaluation;
  expect(seen_by_production! / test_rows!).toBeGreaterThan(0.7);
  expect(metrics[0]!.production).toBeGreaterThan(metrics[0]!.candidate!);
  expect(added.verdict.outcome).toBe("pass");

  forget(scratch);
  const again = await train(scratch, { key: false, columns: "hash(i * 17) % 10 AS c, " });
  expect(again.evaluation.seen_by_production! - seen_by_production!).toBeLessThan(5);
  expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });
  expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true });
});
