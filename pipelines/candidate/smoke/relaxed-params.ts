import type { Trainer } from "../../training/trainer.ts";
import type { Params } from "../search/trial.ts";

/** Params under which a type learns rows by heart: enough capacity, nothing that holds it back. */
const memorising: Readonly<Record<string, Params>> = {
  "gradient-boosting": {
    trees: 100,
    learning_rate: 0.2,
    max_leaves: 31,
    max_depth: 0,
    min_rows_per_leaf: 1,
    l1: 0,
    l2: 0,
    subsample: 1,
    columns_per_tree: 1,
    early_stopping: 0,
    categories_smoothing: 0,
    max_bins: 255,
  },
  "neural-network": {
    hidden: [64, 64],
    dropout: 0,
    l2: 0,
    batch_size: 32,
    epochs: 100,
    learning_rate: 0.005,
    early_stopping: 0,
    max_categories: 200,
  },
};

/** Params that only take the brakes off: these types cannot learn any rows by heart. */
const unregularised: Readonly<Record<string, Params>> = { linear: { l1: 0, l2: 0 } };

/** The model's params made fit to overfit, and whether the type can then be expected to learn any rows by heart. */
export function relaxParams(
  { name, paramsSchema }: Pick<Trainer, "name" | "paramsSchema">,
  params: Params,
): {
  params: Params;
  memorises: boolean;
} {
  const wanted = Object.entries(memorising[name] ?? unregularised[name] ?? {});
  const known = wanted.filter(([param]) => Object.hasOwn(paramsSchema.properties, param));
  // What bends predictions to a rule, such as the sign of an effect, has no place in a test of learning by heart.
  const constraints = Object.entries(paramsSchema.properties).filter(
    ([param, schema]) => /monoton/.test(param) && schema.default !== undefined,
  );
  const free = constraints.map(([param, schema]) => [param, schema.default!] as const);
  return { params: { ...params, ...Object.fromEntries([...known, ...free]) }, memorises: name in memorising };
}
