import type { Naive } from "../candidate/candidate.ts";
import { prepareData } from "../candidate/prepare-data.ts";
import { firstSplitSeed } from "../candidate/split-seed.ts";
import { naiveOf } from "../candidate/train-candidate.ts";
import type { LoadedModel } from "../config/load-models.ts";
import { loadTable } from "../data/load-table.ts";
import type { Target } from "../data/table.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Workspace } from "../workspace/workspace.ts";

/**
 * What a model that learned nothing scores on the primary metric, on the test split that the first training will have: the
 * query, the split and the metric are those of a training, and its step is in the cache then. null when a check failed or the
 * metric is not defined. Throws UserError like a training does.
 */
export async function naiveScore(workspace: Workspace, model: LoadedModel): Promise<number | null> {
  const data = await prepareData(workspace, model, firstSplitSeed(model.config));
  if (!data.ok) return null;
  const { config } = model;
  const request = { features: [], target: config.features.target, task: config.task, classes: data.classes };
  const [train, test] = [
    await loadTable(workspace.store, data.train, request),
    await loadTable(workspace.store, data.test, request),
  ];
  return scoreOf(model, naiveOf(train.target), test.target, data.classes);
}

function scoreOf(
  { config: { task, thresholds, seed } }: LoadedModel,
  naive: Naive,
  target: Target,
  classes: readonly string[],
): number | null {
  const { metrics } = evaluate({
    task,
    primary: thresholds.primary,
    confidence: thresholds.retrain.confidence,
    sliceRules: [],
    target,
    candidate: { rows: 0, classes, values: new Float32Array(0) },
    production: null,
    baseline: { state: "none" },
    naive,
    groups: new Map(),
    seed,
    model: "",
    test_fingerprint: "",
    features: [],
    classes,
  });
  return metrics[0]?.naive ?? null;
}
