import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { DatasetRef } from "../../pipelines/data/dataset-store.ts";
import { storePredictions } from "../../pipelines/data/store-predictions.ts";
import { loadTable } from "../../pipelines/data/table.ts";
import { build, type Project, scratchProject } from "./feature-project.ts";

async function stored(project: Project, ref: DatasetRef): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`FROM '${await project.store.path(ref.fingerprint)}'`);
  const rows = result.getRowObjectsJS();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test("a regression: keys, target and prediction, in the split's order", async () => {
  await using project = await scratchProject();
  const query = "SELECT i AS id, 'k' || i AS name, i * 2 AS y, i AS x FROM range(20000) t(i)";
  const { test: held, features } = await build(project, query, {
    key: ["name", "id"],
    split: { by: "key", test: 0.5 },
  });
  const table = await loadTable(project.store, held, { features, target: "y", task: "regression", classes: [] });
  const values =
    table.target.task === "regression" ? Float32Array.from(table.target.values, (y) => y + 0.5) : new Float32Array();
  const predictions = { rows: held.rows, classes: [], values };
  const ref = await storePredictions(project.store, held, ["name", "id"], "y", predictions);
  expect(ref.columns).toEqual([
    { name: "name", type: "text" },
    { name: "id", type: "integer" },
    { name: "y", type: "integer" },
    { name: "prediction", type: "double" },
  ]);
  const rows = await stored(project, ref);
  expect(rows).toHaveLength(held.rows);
  expect(
    rows.every(
      ({ id, name, y, prediction }) =>
        name === `k${id}` && Number(y) === Number(id) * 2 && prediction === Number(y) + 0.5,
    ),
  ).toBe(true);
  expect(rows.map(({ y }) => Number(y))).toEqual(table.target.task === "regression" ? [...table.target.values] : []);
  expect(await storePredictions(project.store, held, ["name", "id"], "y", predictions)).toEqual(ref);
  expect(await project.store.list()).toHaveLength(3);
});

test("a classification: label and a probability for each class", async () => {
  await using project = await scratchProject();
  const query = `SELECT i AS x, i AS prediction, 'it''s ' || ['a', 'A', 'é'][1 + i % 3] AS "label" FROM range(90) t(i)`;
  const choice = { task: "classification" as const, target: "label" };
  const { test: held, classes } = await build(project, query, choice);
  const values = new Float32Array(held.rows * 3).map((_, at) => (at % 3 === 1 ? 0.5 : 0.25));
  values.set([0.375, 0.25, 0.375]);
  const ref = await storePredictions(project.store, held, [], "label", { rows: held.rows, classes, values });
  expect(classes).toEqual(["it's A", "it's a", "it's é"]);
  expect(ref.columns.map(({ name }) => name)).toEqual([
    "row",
    "label",
    "label_",
    "probability_it's A",
    "probability_it's a_",
    "probability_it's é",
  ]);
  const rows = await stored(project, ref);
  expect(rows[0]).toMatchObject({ row: 0, label_: "it's A", "probability_it's A": 0.375 });
  expect(rows[1]).toMatchObject({ row: 1, label_: "it's a", "probability_it's é": 0.25 });
  expect(rows.map(({ row }) => row)).toEqual([...rows.keys()]);
});

test("another prediction is another dataset", async () => {
  await using project = await scratchProject();
  const { test: held } = await build(project, "SELECT i AS y, i AS x FROM range(90) t(i)");
  const store = (value: number) =>
    storePredictions(project.store, held, [], "y", {
      rows: held.rows,
      classes: [],
      values: new Float32Array(held.rows).fill(value),
    });
  expect((await store(1)).fingerprint).not.toBe((await store(2)).fingerprint);
  expect((await store(Number.NaN)).rows).toBe(held.rows);
});

test("a wrong number of predictions is refused", async () => {
  await using project = await scratchProject();
  const { test: held } = await build(project, "SELECT i AS y, i AS x FROM range(90) t(i)");
  const storing = storePredictions(project.store, held, [], "y", { rows: 3, classes: [], values: new Float32Array(3) });
  await expect(storing).rejects.toThrow(`the model predicted 3 rows, but the test split has ${held.rows}`);
  const narrow = { rows: held.rows, classes: ["a", "b"], values: new Float32Array(held.rows) };
  await expect(storePredictions(project.store, held, [], "y", narrow)).rejects.toThrow("the model predicted");
});
