import type { ScoredClassification } from "../scored.ts";
import type { Formula } from "./metric.ts";
import { absentClasses, oneAgainstRest, type Ranking } from "./one-against-rest.ts";

/**
 * Probability that a random row of the class scores above a random row of the rest, ties counting half; scikit-learn's
 * roc_auc_score (two classes: the last one; more: multi_class="ovr", macro). Not defined while a class has no row.
 */
export const rocAuc: Formula<ScoredClassification> = {
  visitsRows: true,
  undefinedBecause(scored) {
    const absent = absentClasses(scored);
    if (scored.judged < 2) return "roc_auc needs two classes";
    return absent.length === 0 ? null : `roc_auc is not defined: no test row is of class ${absent.join(", ")}`;
  },
  prepare: oneAgainstRest(areaUnderRoc),
};

function areaUnderRoc(ranking: Ranking, weights: Uint16Array): number {
  let above = 0;
  let others = 0;
  let wins = 0;
  let tiedHits = 0;
  let tiedOthers = 0;
  for (let at = 0; at < ranking.length; at++) {
    const packed = ranking[at]!;
    const weight = weights[packed >> 2]!;
    if (packed & 2) tiedHits += weight;
    else tiedOthers += weight;
    if (packed & 1) {
      wins += tiedOthers * (above + tiedHits / 2);
      above += tiedHits;
      others += tiedOthers;
      tiedHits = tiedOthers = 0;
    }
  }
  return wins / (above * others);
}
