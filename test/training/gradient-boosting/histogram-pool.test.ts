import { expect, test } from "vitest";
import { encodeColumns } from "../../../pipelines/training/gradient-boosting/encode-columns.ts";
import { growTree } from "../../../pipelines/training/gradient-boosting/grow-tree.ts";
import { HistogramPool, nodeHistograms } from "../../../pipelines/training/gradient-boosting/histogram.ts";
import { readParams } from "../../../pipelines/training/gradient-boosting/params.ts";
import { deriveAtBestScale, startTraining } from "../../../pipelines/training/gradient-boosting/start-training.ts";
import { mixedTable } from "./random-tables.ts";
import { completeParams } from "./training.ts";

/** The splits of a first tree, grown with at most so many bytes of histograms. */
async function grow(mostBytes: number) {
  const table = mixedTable(1000);
  if (table.target.task !== "regression") throw new Error("The table is one for regression.");
  const targets = table.target.values;
  const rules = readParams(completeParams({ min_rows_per_leaf: 5 }));
  const columns = await encodeColumns(table, [targets], rules, { seed: 1, threads: 1 });
  const training = await startTraining({ columns, targets, loss: { name: "squared" } }, rules, 1, 1, mostBytes);
  await using team = training.team;
  const { countWeight, hessianScale, layout, firstGradientScale: first } = training;
  const gradientScale = await deriveAtBestScale(team, 0, first, { countWeight, first });
  const units = { countWeight, gradientScale, hessianScale };
  const garden = { ...training, pool: new HistogramPool(training.board.nodes.length), rules };
  return growTree(garden, 0, { columns: Int32Array.of(0, 1, 2), layout, units, rules, noise: 0 });
}

test("a tree is the same when histograms do not fit into memory and are built again", async () => {
  const splits = await grow(2 ** 30);
  expect(splits).toHaveLength(30);
  expect(await grow(0)).toEqual(splits);
});

test("histograms are lent again after they were given back", () => {
  const layout = { offsets: Int32Array.of(0), cells: 4, channels: 1 as const, isCategory: [false] };
  const pool = new HistogramPool(nodeHistograms(layout, 31, 64).length);
  const [first, second] = [pool.take(), pool.take()];
  expect(second).not.toBeNull();
  expect(pool.take()).toBeNull();
  pool.giveBack(first!);
  expect(pool.take()).toBe(first);
});
