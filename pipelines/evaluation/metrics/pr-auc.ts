import type { ScoredClassification } from "../scored.ts";
import type { Formula } from "./metric.ts";
import { absentClasses, oneAgainstRest, type Ranking, rankedClasses } from "./one-against-rest.ts";

/**
 * Average precision, Σ (recall step)·precision over falling thresholds; scikit-learn's average_precision_score (two classes:
 * the last one; more: macro average of each against the rest). Not defined while a class that counts has no row.
 */
export const prAuc: Formula<ScoredClassification> = {
  visitsRows: true,
  undefinedBecause(scored) {
    const absent = absentClasses(scored);
    const missing = rankedClasses(scored)
      .map((each) => scored.classes[each]!)
      .filter((name) => absent.includes(name));
    if (scored.judged < 2) return "pr_auc needs two classes";
    return missing.length === 0 ? null : `pr_auc is not defined: no test row is of class ${missing.join(", ")}`;
  },
  prepare: oneAgainstRest(averagePrecision),
};

function averagePrecision(ranking: Ranking, weights: Uint16Array): number {
  let hits = 0;
  let seen = 0;
  let sum = 0;
  let tiedHits = 0;
  for (let at = 0; at < ranking.length; at++) {
    const packed = ranking[at]!;
    const weight = weights[packed >> 2]!;
    seen += weight;
    if (packed & 2) tiedHits += weight;
    if (packed & 1 && tiedHits > 0) {
      hits += tiedHits;
      sum += (tiedHits * hits) / seen;
      tiedHits = 0;
    }
  }
  return sum / hits;
}
