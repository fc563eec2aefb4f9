import type { Cells } from "../cells.ts";
import { fallingOrder, type ScoredClassification } from "../scored.ts";
import type { WeightedScore } from "./metric.ts";

/** Rows by falling score of one class, packed for speed: cell·4 + 2 when the row is of the class + 1 when the next score is lower. */
export type Ranking = Int32Array;

/** The score of one class's ranking under weights per cell. */
export type RankingScore = (ranking: Ranking, weights: Uint16Array) => number;

/** A ranking metric: the last class when there are two, else the mean over the classes, each against the rest (macro average). */
export function oneAgainstRest(score: RankingScore): (scored: ScoredClassification, cells: Cells) => WeightedScore {
  return (scored, cells) => {
    const rankings = rankedClasses(scored).map((each) => rank(scored, cells, each));
    return (weights) => {
      let sum = 0;
      for (const ranking of rankings) sum += score(ranking, weights);
      return sum / rankings.length;
    };
  };
}

/** The classes whose rankings count. */
export function rankedClasses({ judged }: ScoredClassification): number[] {
  return judged === 2 ? [1] : Array.from({ length: judged }, (_, each) => each);
}

/** Names of judged classes that no row has. */
export function absentClasses({ actual, classes, judged }: ScoredClassification): string[] {
  const present = new Set(actual);
  return classes.slice(0, judged).filter((_, each) => !present.has(each));
}

function rank({ actual, classes, rows, probabilities }: ScoredClassification, cells: Cells, positive: number): Ranking {
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row++) scores[row] = probabilities[row * classes.length + positive]!;
  const order = fallingOrder(scores);
  return order.map((row, at) => {
    const lastOfTie = at + 1 === rows || scores[order[at + 1]!] !== scores[row];
    return cells.of[row]! * 4 + (actual[row] === positive ? 2 : 0) + (lastOfTie ? 1 : 0);
  });
}
