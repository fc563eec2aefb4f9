import { expect, test } from "vitest";
import { openModel } from "../../pipelines/training/onnx/session.ts";
import { builtIn, rowsOf, tasks, trainWith } from "./every-trainer.ts";
import { categories, numbers, seeded, signatureOf } from "./tables.ts";

const rows = 100_000;

/** Rows as serving may get them: missing numbers and cities, and cities and sizes that training never saw. */
function unseenRows() {
  const next = seeded(99);
  const number = (scale: number) => Array.from({ length: rows }, () => (next() < 0.1 ? null : (next() - 0.5) * scale));
  const names = ["Bonn", "Köln", "Lima", "", "Paris", "köln", "東京"];
  const city = Array.from({ length: rows }, () => names[Math.floor(next() * names.length)]!);
  return [numbers("x", number(40)), numbers("wide", number(4e6)), categories("city", city)];
}

const cases = builtIn.flatMap(({ type, params }) => tasks.map((task) => ({ type, task, params })));

test.each(cases)("$type of $task predicts 100,000 rows as ONNX Runtime does", async ({ type, task, params }) => {
  const table = rowsOf(600, task);
  const { model } = await trainWith(type, table, params);
  const asked = unseenRows();
  const session = await openModel(model.onnx, signatureOf(table));
  const shipped = await session.predict(asked);
  await session.close();
  const own = model.predict(asked);
  expect(shipped.values).toHaveLength(own.values.length);
  const typical = own.values.reduce((sum, value) => sum + Math.abs(value), 0) / own.values.length;
  let largest = 0;
  for (const [at, value] of own.values.entries()) {
    const floor = task === "regression" ? typical : 1;
    largest = Math.max(largest, Math.abs(value - shipped.values[at]!) / Math.max(Math.abs(value), floor));
  }
  expect(largest).toBeLessThanOrEqual(1e-4);
});
