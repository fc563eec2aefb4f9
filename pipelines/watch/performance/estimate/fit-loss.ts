import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Session } from "../../../data/engines/session.ts";
import { quoteName } from "../../../data/engines/tables.ts";
import type { EstimateColumn, Loss, LossModel } from "./loss-model.ts";
import { termsOf } from "./terms-sql.ts";

/** A column of the test split that the loss may depend on. */
export interface PredictorColumn extends EstimateColumn {
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
