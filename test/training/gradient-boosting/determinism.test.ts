import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { numbers, seeded } from "../tables.ts";
import { mixedTable } from "./random-tables.ts";
import { reordered, trainOn } from "./training.ts";

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function shuffled(table: Table, seed: number): Table {
  const random = seeded(seed);
  const order = Array.from({ length: table.rows }, (_, row) => ({ row, luck: random() }));
  return reordered(
    table,
    order.sort((a, b) => a.luck - b.luck).map(({ row }) => row),
  );
}

test.each(["regression", "binary", "classes"] as const)(
  "%s: the same bytes whatever the order of the rows",
  async (task) => {
    const table = mixedTable(3000, task);
    const params = { trees: 15, min_rows_per_leaf: 5 };
    const expected = await trainOn(table, params);
    for (const seed of [1, 2]) {
      const again = await trainOn(shuffled(table, seed), params);
      expect(hash(again.onnx)).toBe(hash(expected.onnx));
      expect(again.curves).toEqual(expected.curves);
    }
  },
);

/** Large enough for eight threads. */
function wideTable(task: "regression" | "binary" | "classes"): Table {
  const rows = 100_000;
  const random = seeded(9);
  const table = mixedTable(rows, task);
  const noise = Array.from({ length: 17 }, (_, index) =>
    numbers(
      `noise ${index}`,
      Array.from({ length: rows }, () => Math.floor(random() * 50)),
    ),
  );
  return { ...table, features: [...table.features, ...noise] };
}

test.each([
  ["regression", {}],
  ["regression", { subsample: 0.5, columns_per_tree: 0.4, early_stopping: 3 }],
  ["binary", { subsample: 0.7 }],
  ["classes", { early_stopping: 2, columns_per_tree: 0.5 }],
] as const)("%s with %j: the same bytes with 1, 2 and 8 threads", async (task, params) => {
  const table = wideTable(task);
  const [one, two, eight] = await Promise.all(
    [1, 2, 8].map((threads) => trainOn(table, { trees: 3, max_leaves: 12, ...params }, threads)),
  );
  expect(hash(two!.onnx)).toBe(hash(one!.onnx));
  expect(hash(eight!.onnx)).toBe(hash(one!.onnx));
  expect(eight!.curves).toEqual(one!.curves);
});
