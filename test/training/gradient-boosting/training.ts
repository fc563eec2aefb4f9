import type { Json } from "../../../pipelines/config/canonical-json.ts";
import type { FeatureColumn, Table } from "../../../pipelines/data/table.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { gradientBoosting } from "../../../pipelines/training/gradient-boosting/index.ts";
import { checkParity } from "../../../pipelines/training/onnx/parity.ts";
import type { TrainedModel } from "../../../pipelines/training/trainer.ts";
import { signatureOf } from "../tables.ts";

type Params = Readonly<Record<string, Json>>;

/** Params with the schema's defaults filled in. */
export function completeParams(params: Params = {}): Params {
  const defaults = Object.entries(gradientBoosting.paramsSchema.properties).map(([name, { default: value }]) => [
    name,
    value!,
  ]);
  return { ...Object.fromEntries(defaults), ...params };
}

/** Trains on a table. */
export function trainOn(table: Table, params: Params = {}, threads = 1): Promise<TrainedModel> {
  const { task } = table.target;
  return gradientBoosting.train({ task, table, params: completeParams(params), seed: 1, threads, log: silentLog });
}

/** Trains, and proves on rows of the table, and on rows with missing and unseen values, that the ONNX file predicts the same. */
export async function trainAndProve(table: Table, params: Params = {}): Promise<TrainedModel> {
  const model = await trainOn(table, params);
  await checkParity(model, table.features, signatureOf(table));
  return model;
}

/** Root mean squared error on the table's own rows. */
export function rmseOf(model: TrainedModel, table: Table): number {
  if (table.target.task !== "regression") throw new Error("The table is one for regression.");
  const { values } = model.predict(table.features);
  const squares = table.target.values.map((target, row) => (values[row]! - target) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / table.rows);
}

/** The same table with its rows in another order: row i is the old row order[i]. */
export function reordered(table: Table, order: readonly number[]): Table {
  const target =
    table.target.task === "regression"
      ? {
          ...table.target,
          values: Float64Array.from(order, (row) => (table.target as { values: Float64Array }).values[row]!),
        }
      : {
          ...table.target,
          codes: Int32Array.from(order, (row) => (table.target as { codes: Int32Array }).codes[row]!),
        };
  return { rows: table.rows, features: table.features.map((column) => reorderedColumn(column, order)), target };
}

function reorderedColumn(column: FeatureColumn, order: readonly number[]): FeatureColumn {
  if (column.kind === "category") return { ...column, codes: Int32Array.from(order, (row) => column.codes[row]!) };
  return { ...column, values: Float32Array.from(order, (row) => column.values[row]!) };
}
