import type { Json } from "../../../pipelines/config/canonical-json.ts";
import type { Table } from "../../../pipelines/data/table.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { neuralNetwork } from "../../../pipelines/training/neural-network/index.ts";
import { type ProvenModel, trainModel } from "../../../pipelines/training/train-model.ts";
import type { TrainingInput } from "../../../pipelines/training/trainer.ts";
import { categories, classification, numbers, regression, seeded, signatureOf } from "../tables.ts";

type Changes = Partial<Omit<TrainingInput, "params">> & { params?: Record<string, Json> };

/** The defaults, with wasm, so that tests do not depend on what is installed. */
function paramsWith(changes: Record<string, Json> = {}): Record<string, Json> {
  const properties = Object.entries(neuralNetwork.paramsSchema.properties);
  return {
    ...Object.fromEntries(properties.map(([name, { default: value }]) => [name, value!])),
    backend: "wasm",
    ...changes,
  };
}

/** Trains and compares with ONNX Runtime. */
export function train(table: Table, { params, ...input }: Changes = {}): Promise<ProvenModel> {
  const training = { table, task: table.target.task, params: paramsWith(params), seed: 7, threads: 1, log: silentLog };
  return trainModel({ ...training, ...input, trainer: neuralNetwork, signature: signatureOf(table) });
}

function columns(rows: number) {
  const random = seeded(3);
  const x = Array.from({ length: rows }, () => (random() < 0.1 ? null : 4 * random() - 2));
  const far = Array.from({ length: rows }, () => 1e9 + 64 * Math.floor(20 * random()));
  const city = Array.from({ length: rows }, () => ["Rome", "Oslo", "", "Lima"][Math.floor(4 * random())]!);
  const score = x.map((value, i) => Math.sin(2 * (value ?? 1)) + (city[i] === "Oslo" ? 1 : 0) + (far[i]! - 1e9) / 2e3);
  return { features: [numbers("x", x), numbers("far", far), categories("city", city)], score };
}

/** A price that depends on all columns, and not linearly; spread 100 or so around 1000. */
export function prices(rows: number): Table {
  const { features, score } = columns(rows);
  return regression(
    features,
    score.map((each) => 1000 + 100 * each),
  );
}

/** The same columns and up to three grades, the last one rare. */
export function grades(rows: number, names: readonly string[]): Table {
  const { features, score } = columns(rows);
  const cuts = [0.4, 1.5];
  return classification(
    features,
    score.map((each) => names[cuts.slice(0, names.length - 1).filter((cut) => each > cut).length]!),
  );
}
