import type { Json } from "../../pipelines/config/canonical-json.ts";
import type { Table } from "../../pipelines/data/table.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { type ProvenModel, trainModel } from "../../pipelines/training/train-model.ts";
import type { Trainer } from "../../pipelines/training/trainer.ts";
import { findTrainer } from "../../pipelines/training/trainers.ts";
import { categories, classification, numbers, regression, seeded, signatureOf } from "./tables.ts";

const cities = ["Bonn", "Köln", "Lima", "Oslo", "Rome", "Ulm"];

/** The trainers that compute in this process, with params that make them quick. */
export const builtIn: readonly { type: string; params: Readonly<Record<string, Json>> }[] = [
  { type: "linear", params: {} },
  { type: "gradient-boosting", params: { trees: 40, subsample: 0.8 } },
  { type: "neural-network", params: { epochs: 4, hidden: [16, 8] } },
];

export const tasks = ["regression", "two classes", "three classes"] as const;

/** Seeded rows of two numbers with gaps and a city; the target follows from them. */
export function rowsOf(rows: number, task: (typeof tasks)[number], seed = 1): Table {
  const next = seeded(seed);
  const x = Array.from({ length: rows }, () => (next() < 0.1 ? null : next() * 10 - 5));
  const wide = Array.from({ length: rows }, () => (next() < 0.05 ? null : 1e6 * next()));
  const city = Array.from({ length: rows }, () => (next() < 0.05 ? "" : cities[Math.floor(next() * cities.length)]!));
  const score = x.map((value, row) => 2 * (value ?? 1) + (wide[row] ?? 0) / 1e6 + city[row]!.length + next());
  const features = [numbers("x", x), numbers("wide", wide), categories("city", city)];
  if (task === "regression") return regression(features, score);
  const names = task === "two classes" ? ["high", "low"] : ["high", "low", "middle"];
  return classification(
    features,
    score.map((value) => (value > 6 ? names[0]! : value > 2 || names.length === 2 ? names.at(-1)! : names[1]!)),
  );
}

/** Trains with the trainer's defaults but for `params`. */
export function trainWith(type: string, table: Table, params: Readonly<Record<string, Json>>): Promise<ProvenModel> {
  const trainer = findTrainer(type);
  const { task } = table.target;
  const complete = { ...defaultsOf(trainer), ...params };
  const common = { task, table, seed: 7, threads: 2, log: silentLog };
  return trainModel({ ...common, trainer, params: complete, signature: signatureOf(table) });
}

function defaultsOf({ paramsSchema }: Trainer): Record<string, Json> {
  const entries = Object.entries(paramsSchema.properties);
  return Object.fromEntries(entries.map(([name, schema]) => [name, schema.default as Json]));
}
