import type { Session } from "../../../data/engines/session.ts";
import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import { bendsOf } from "../../profile/coarsen.ts";
import type { Distribution } from "../../profile/distribution.ts";
import { fitLoss, type PredictorColumn } from "./fit-loss.ts";
import { type LossModel, lossOfMetric } from "./loss-model.ts";
import { lossSql } from "./terms-sql.ts";

/** A version's test split, and what was predicted of it. */
export interface ScoredTest {
  /** Files, whose rows lie in the same order. */
  test: string;
  predictions: string;
  target: string;
  classes: readonly string[];
  /** What is stored of a prediction, and the metric that it is judged by. */
  stored: readonly string[];
  metric: string;
  /** The predictions that are watched: the column in the file, and the name in a window. */
  predicted: readonly { column: string; described: Distribution }[];
  /** By falling importance, without the calendar. */
  features: readonly Distribution[];
}

const [mostFeatures, mostPredictions] = [5, 3];
const [featureBends, predictionBends] = [4, 8];

/** What the primary metric depends on, by a version's test split. null when that has too few rows. */
export function buildLossModel(session: Session, from: ScoredTest): Promise<LossModel | null> {
  const { test, predictions, target, classes, stored, predicted, features } = from;
  const used = features.slice(0, mostFeatures);
  const own = used.map(({ name }, at) => `${quoteName(name)} AS mergeml_f${at}`);
  const scored = `read_parquet(${quoteText(predictions)})`;
  const relation =
    own.length === 0
      ? scored
      : `(FROM ${scored} POSITIONAL JOIN (SELECT ${own.join(", ")} FROM read_parquet(${quoteText(test)})))`;
  const predictors = [
    ...predicted
      .filter(({ described }) => described.kind === "numeric")
      .slice(0, mostPredictions)
      .map(({ column, described }) => predictorOf(described, column, predictionBends)),
    ...used.map((each, at) => predictorOf(each, `mergeml_f${at}`, featureBends)),
  ].flatMap((each) => each ?? []);
  if (predictors.length === 0) return Promise.resolve(null);
  const chosen = lossOfMetric(from.metric, classes.length === 0);
  const sql = lossSql(chosen.loss, { target, classes, predicted: stored });
  return fitLoss(session, relation, predictors, { ...chosen, sql });
}

/** null for a column that never varies. */
export function predictorOf(described: Distribution, column: string, bends: number): PredictorColumn | null {
  const { name } = described;
  if (described.kind === "category") {
    const levels = bendsOf(described, bends);
    return levels.length === 0 ? null : { name, column, bends: levels, center: 0, unit: 1 };
  }
  const { mean, deviation } = described;
  if (mean === null || !deviation) return null;
  return { name, column, bends: bendsOf(described, bends), center: mean, unit: deviation };
}
