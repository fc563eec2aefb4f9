import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Session } from "../../../data/engines/session.ts";
import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import { bendsOf, type Distribution } from "../../profile/distribution.ts";
import { type EstimateColumn, type Loss, type LossModel, lossOfMetric, lossSql, termsOf } from "./loss-model.ts";

/** A column of the test split that the loss may depend on. */
interface PredictorColumn extends EstimateColumn {
  column: string;
}

/** What the terms are made of, which is kept, and the terms, which take many times as much and are made again as they are read. */
const [known, table] = ["mergeml_known", "mergeml_losses"];
const fewestRows = 100;

/** The weight of having no effect at all, in rows. */
const ridge = 0.1;

/**
 * Fits a loss by least squares on lines, bends and levels of columns. The covariance is that of White (1980), which holds
 * whatever the spread of the loss is where. All in the engine but the solving. null for fewer than 100 rows.
 */
export async function fitLoss(
  session: Session,
  from: string,
  predictors: readonly PredictorColumn[],
  { loss, metric, sql }: { loss: Loss; metric: string; sql: string },
): Promise<LossModel | null> {
  const terms = predictors.flatMap((each) => termsOf(each, each.column));
  const named = terms.map((term, at) => `CAST(${term} AS DOUBLE) AS t${at}`);
  const columns = [...new Set(predictors.map(({ column }) => quoteName(column)))];
  await session.run(
    `CREATE TEMP TABLE ${known} AS FROM (SELECT ${columns.join(", ")}, CAST(${sql} AS DOUBLE) AS mergeml_loss FROM ${from})
      WHERE isfinite(mergeml_loss)`,
  );
  try {
    await session.run(`CREATE TEMP VIEW ${table} AS SELECT ${named.join(", ")}, mergeml_loss AS loss FROM ${known}`);
    const moments = await momentsOf(session, terms.length, "loss", "1.0");
    if (moments.rows < fewestRows || !(moments.variance > 0)) return null;
    const about = predictors.map(({ name, bends, center, unit }) => ({ name, bends, center, unit }));
    return await solve(session, moments, { metric, loss, columns: about });
  } finally {
    await session.run(`DROP VIEW IF EXISTS ${table}; DROP TABLE ${known}`);
  }
}

interface Moments {
  rows: number;
  /** Of the value. */
  mean: number;
  variance: number;
  /** Of the terms. */
  means: number[];
  /** Sums of weight · (term − mean) · (term − mean), and of (term − mean) · (value − mean). */
  cross: Matrix;
  right: Matrix;
}

/** Sums over the rows of the products of all terms, each row with its weight, and of each term with a value. */
async function momentsOf(session: Session, size: number, value: string, weight: string): Promise<Moments> {
  const at = Array.from({ length: size }, (_, each) => each);
  const averages = at.map((each) => `avg(t${each}) AS m${each}`);
  const first = await session.row(
    `SELECT count(*) AS rows, avg(${value}) AS mean, var_samp(${value}) AS variance, ${averages.join(", ")} FROM ${table}`,
  );
  const means = at.map((each) => Number(first[`m${each}`]));
  const centered = at.map((each) => `t${each} - CAST('${means[each]!}' AS DOUBLE) AS d${each}`);
  const from = `(SELECT ${[...centered, `${value} - CAST('${Number(first.mean)}' AS DOUBLE) AS v`, `${weight} AS w`].join(", ")} FROM ${table})`;
  const products = at.flatMap((i) => at.slice(i).map((j) => `sum(w * d${i} * d${j}) AS s${i}_${j}`));
  const rights = at.map((each) => `sum(d${each} * v) AS r${each}`);
  const sums = await session.row(`SELECT ${[...products, ...rights].join(", ")} FROM ${from}`);
  const cross = Matrix.zeros(size, size);
  for (const i of at)
    for (const j of at.slice(i)) {
      cross.set(i, j, Number(sums[`s${i}_${j}`]));
      cross.set(j, i, Number(sums[`s${i}_${j}`]));
    }
  const right = Matrix.columnVector(at.map((each) => Number(sums[`r${each}`])));
  return { rows: Number(first.rows), mean: Number(first.mean), variance: Number(first.variance), means, cross, right };
}

async function solve(
  session: Session,
  { rows, mean, variance, means, cross, right }: Moments,
  about: Pick<LossModel, "metric" | "loss" | "columns">,
): Promise<LossModel | null> {
  const size = means.length;
  const inverse = new CholeskyDecomposition(Matrix.add(cross, Matrix.eye(size, size).mul(ridge)));
  if (!inverse.isPositiveDefinite()) return null;
  const effects = inverse.solve(right).to1DArray();
  const added = effects.map((each, at) => `CAST('${each}' AS DOUBLE) * (t${at} - CAST('${means[at]!}' AS DOUBLE))`);
  const residual = `power(loss - CAST('${mean}' AS DOUBLE) - (${added.join(" + ")}), 2)`;
  const spread = await momentsOf(session, size, residual, residual);
  const half = inverse.solve(spread.cross);
  const covariance = inverse.solve(half.transpose());
  const variances = inverse.solve(spread.right).to1DArray();
  return {
    ...about,
    mean: rounded(mean),
    error: rounded(Math.sqrt(variance / rows)),
    rows,
    means: means.map(rounded),
    effects: effects.map(rounded),
    variances: variances.map(rounded),
    noise: rounded(spread.mean),
    factor: factorOf(covariance),
  };
}

/** C = Σ f·fᵀ over its main directions; columns that say the same leave directions without variance, which are left out. */
function factorOf(covariance: Matrix): number[][] {
  const even = Matrix.add(covariance, covariance.transpose()).mul(0.5);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(even, { assumeSymmetric: true });
  const least = 1e-6 * Math.max(...realEigenvalues);
  return realEigenvalues.flatMap((length, at) => {
    if (!(length > least)) return [];
    return [eigenvectorMatrix.getColumn(at).map((each) => Number((each * Math.sqrt(length)).toPrecision(6)))];
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(9));
}

/** A version's test split, and what was predicted of it. */
interface ScoredTest {
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
