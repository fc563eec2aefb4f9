import type { Target } from "../data/table.ts";
import { formatCount } from "../statistics/format-number.ts";
import type { Predictions } from "../training/trainer.ts";
import { type ScoredClassification, takeClassification } from "./scored.ts";
import { notFinite, type Side, type Sides } from "./sides.ts";

/** float32 softmax outputs miss 1 by about 1e-7 per class; more than this is no probability distribution. */
const tolerance = 1e-3;

interface Truth {
  actual: Int32Array;
  /** The candidate's classes, then those that only test rows have, then those that only production knows. */
  classes: readonly string[];
  judged: number;
}

/**
 * Puts probabilities beside the truth, columns matched by class name: production may know other classes, or another order.
 * A class that a model does not know has probability zero.
 */
export function classificationSides(
  target: Extract<Target, { task: "classification" }>,
  classes: readonly string[],
  candidate: Predictions,
  production: Predictions | null,
  frequencies: readonly number[],
): Sides<ScoredClassification> {
  const judged = [...new Set([...classes, ...target.classes])];
  const all = [...new Set([...judged, ...candidate.classes, ...(production?.classes ?? [])])];
  const codes = target.classes.map((name) => all.indexOf(name));
  const truth = { actual: target.codes.map((code) => codes[code]!), classes: all, judged: judged.length };
  return {
    rows: truth.actual.length,
    candidate: sideOf(truth, candidate),
    production: production && sideOf(truth, production),
    naive: naiveScores(truth, classes, frequencies),
    take: takeClassification,
  };
}

function sideOf(truth: Truth, { classes, values }: Predictions): Side<ScoredClassification> {
  const rows = truth.actual.length;
  if (classes.length === 0) return { problem: "it predicts numbers, and the target is a class" };
  if (values.length !== rows * classes.length) {
    return { problem: `${values.length} probabilities for ${rows} test rows of ${classes.length} classes` };
  }
  const problem = notFinite(values, "probabilities") ?? notProbabilities(values, classes.length);
  return problem ? { problem } : { scored: scoreOf(truth, alignColumns(values, classes, truth.classes)) };
}

function notProbabilities(values: Float32Array, width: number): string | null {
  let bad = 0;
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    let outside = false;
    for (let at = start; at < start + width; at++) {
      sum += values[at]!;
      outside ||= values[at]! < -tolerance || values[at]! > 1 + tolerance;
    }
    if (outside || Math.abs(sum - 1) > tolerance) bad += 1;
  }
  if (bad === 0) return null;
  return `the probabilities of ${formatCount(bad)} of ${formatCount(values.length / width)} rows are outside of 0..1 or do not sum to 1`;
}

function alignColumns(values: Float32Array, from: readonly string[], to: readonly string[]): Float64Array {
  const rows = values.length / from.length;
  const aligned = new Float64Array(rows * to.length);
  const column = from.map((name) => to.indexOf(name));
  for (let row = 0; row < rows; row++) {
    for (let each = 0; each < from.length; each++) {
      aligned[row * to.length + column[each]!] = values[row * from.length + each]!;
    }
  }
  return aligned;
}

function scoreOf({ actual, classes, judged }: Truth, probabilities: Float64Array): ScoredClassification {
  const rows = actual.length;
  const width = classes.length;
  const top = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let each = 1; each < width; each++) {
      if (probabilities[row * width + each]! > probabilities[row * width + best]!) best = each;
    }
    top[row] = best;
  }
  return { rows, actual, classes, judged, probabilities, top };
}

function naiveScores(truth: Truth, classes: readonly string[], frequencies: readonly number[]): ScoredClassification {
  const row = truth.classes.map((name) => frequencies[classes.indexOf(name)] ?? 0);
  const probabilities = new Float64Array(truth.actual.length * row.length);
  for (let start = 0; start < probabilities.length; start += row.length) probabilities.set(row, start);
  return scoreOf(truth, probabilities);
}
