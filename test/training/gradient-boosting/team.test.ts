import { expect, test } from "vitest";
import { histogramLayout } from "../../../pipelines/training/gradient-boosting/histogram.ts";
import { allocate, compileKernel, mapMemory } from "../../../pipelines/training/gradient-boosting/kernel.ts";
import { OP, type ShardPlan } from "../../../pipelines/training/gradient-boosting/shard.ts";
import { createBoard } from "../../../pipelines/training/gradient-boosting/shared-search.ts";
import { leafResiduals } from "../../../pipelines/training/gradient-boosting/start-training.ts";
import { Team } from "../../../pipelines/training/gradient-boosting/team.ts";

function plans(shards: number, rows: number): ShardPlan[] {
  const layout = histogramLayout([{ bins: 2, categories: null }], 1);
  const board = createBoard({ shards, columns: 1, maxLeaves: 2 }, layout);
  const outputs = [null];
  const kernel = compileKernel();
  return Array.from({ length: shards }, (_, shard) => ({
    shard,
    begin: Math.floor((rows * shard) / shards),
    end: Math.floor((rows * (shard + 1)) / shards),
    outputs,
    kernel,
    memory: allocate(mapMemory(rows, outputs, layout)),
    rules: { minRows: 1, l1: 0, l2: 0, smoothing: 0 },
    directions: null,
    codes: [new Uint8Array(new SharedArrayBuffer(rows)).map((_, row) => row % 2)],
    targets: new Float64Array(rows).fill(3),
    loss: { name: "squared" },
    base: [1],
    layout,
    countWeight: 2 ** 20,
    hessianScale: 1,
    lossScale: 1,
    seed: 1,
    subsample: 1,
    validationShare: 0,
    board,
    residuals: null,
  }));
}

test("results of all shards are added up", async () => {
  await using team = await Team.start(plans(3, 10));
  await team.run(OP.observe);
  // ½ (1 − 3)² for each row.
  expect([0, 1, 2, 3].map((index) => team.result(index))).toEqual([10, 0, 20, 0]);
  await team.run(OP.derive, 0, 8);
  expect(team.result(0)).toBe(10 * 2 * 8);
});

test("a thread that cannot start is an error", async () => {
  const [first, second] = plans(2, 10) as [ShardPlan, ShardPlan];
  await expect(Team.start([first, { ...second, codes: null as unknown as Uint8Array[] }])).rejects.toThrow(/null/);
});

test("a thread that fails at work is an error, not a wait without end", async () => {
  const [first, second] = plans(2, 10) as [ShardPlan, ShardPlan];
  const residuals = leafResiduals(10, 2, 3);
  await using team = await Team.start([{ ...first, residuals }, second]);
  first.board.columns.set([1, 0]);
  first.board.tree.column[0] = -1;
  await team.run(OP.plant, 0);
  await expect(team.run(OP.residuals)).rejects.toThrow("Training failed in a thread.");
});
