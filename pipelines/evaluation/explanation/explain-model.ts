import type { FeatureColumn, Table } from "../../data/table.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Importance, Predictions } from "../../training/trainer.ts";
import type { Explanations } from "../explanations.ts";
import { shuffledRows, takeRows } from "../table-rows.ts";
import { planExplanation } from "./explanation-plan.ts";
import { partialDependence } from "./partial-dependence.ts";
import { permutationImportance } from "./permutation-importance.ts";

export type Predict = (features: readonly FeatureColumn[]) => Promise<Predictions>;

/** The features whose partial dependence is told. */
const explainedFeatures = 3;
/** A machine that takes longer explains nothing: a part of the numbers would depend on its speed. */
const longestSeconds = 120;

export interface ExplainInput {
  predict: Predict;
  /** The test split. */
  table: Table;
  /** The primary metric. */
  metric: string;
  seed: number;
  /** The trainer's own importances, which choose among very many features; may be empty. */
  ranking: readonly Importance[];
  /** Size of the ONNX file, which says how much work a row is. */
  modelBytes: number;
  clock: Clock;
}

/** Explanations, or why there are none. */
export type Explained = { explanations: Explanations | null } | { left_out: string };

/**
 * Explains a model by scoring it on changed test rows, whatever its type. Seeded: the same model and rows give the same
 * numbers on every machine, because what is sampled depends on the sizes of model and table alone. A machine too slow for that
 * leaves all of it out. null where the metric has no value on these rows.
 */
export async function explainModel(input: ExplainInput): Promise<Explained> {
  const deadline = input.clock.now().getTime() + longestSeconds * 1000;
  try {
    return { explanations: await explain({ ...input, predict: inTime(input, deadline) }) };
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return { left_out: `the model is too slow here to explain it within ${longestSeconds} s` };
  }
}

class OutOfTime extends Error {}

function inTime({ predict, clock }: ExplainInput, deadline: number): Predict {
  return async (features) => {
    if (clock.now().getTime() > deadline) throw new OutOfTime();
    return predict(features);
  };
}

async function explain(input: ExplainInput): Promise<Explanations | null> {
  const { table, metric, seed, predict } = input;
  if (table.features.length === 0 || table.rows < 2) return null;
  const plan = planExplanation(table, input.modelBytes);
  const names = consideredFeatures(input, plan.features);
  const order = shuffledRows(table.rows, seed);
  const { rows, repeats } = plan;
  const sample = takeRows(table, order.subarray(0, rows));
  const importance = await permutationImportance({ predict, table: sample, metric, seed, repeats, features: names });
  if (importance === null) return null;
  const fewer = takeRows(table, order.subarray(0, Math.min(table.rows, plan.dependenceRows)));
  const dependence = [];
  for (const { feature, worse } of importance.slice(0, explainedFeatures)) {
    const told = worse > 0 ? await partialDependence(predict, fewer, feature) : null;
    if (told) dependence.push(told);
  }
  const told = plan.limited && { limited: { ...plan.limited, test_rows: table.rows, features: table.features.length } };
  return { metric, rows, repeats, importance, dependence, ...told };
}

function consideredFeatures({ table, ranking }: ExplainInput, most: number): string[] {
  const names = table.features.map(({ name }) => name);
  if (names.length <= most) return names;
  const share = new Map(ranking.map((each) => [each.feature, each.share]));
  return names.toSorted((a, b) => (share.get(b) ?? 0) - (share.get(a) ?? 0)).slice(0, most);
}
