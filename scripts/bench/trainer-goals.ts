/** Of one trainer on one data set, means over the seeds. */
export interface Figures {
  score: number;
  seconds: number;
  mebibytes: number;
}

/** What a trainer is held to. */
export interface Goals {
  /** Its score may be no larger. */
  score?: number;
  /** Its fit may take no longer, in seconds. */
  seconds?: number;
  /** Its fit may take so many times as long as scikit-learn's, and no more memory. */
  timesAsLong?: number;
}

/** A score of which less is better may be 2% worse than scikit-learn's; an area under a curve lower by so much. */
const worse = 1.02;
const lowerArea = 0.005;

/** In words, the goals that `ours` does not reach; scikit-learn's figures are of the same run. */
export function missedGoals(
  metric: string,
  { score, seconds, timesAsLong }: Goals,
  ours: Figures,
  theirs: Figures,
): string[] {
  const isArea = metric === "roc_auc";
  const missed: [boolean, string][] = [
    [isArea && !(ours.score >= theirs.score - lowerArea), `${metric} more than ${lowerArea} below scikit-learn's`],
    [!isArea && !(ours.score <= theirs.score * worse), `${metric} more than 2% worse`],
    [score !== undefined && ours.score > score, `${metric} above ${score}`],
    [seconds !== undefined && ours.seconds > seconds, `fit above ${seconds} s`],
    [
      timesAsLong !== undefined && ours.seconds > theirs.seconds * timesAsLong,
      `fit above ${timesAsLong} × scikit-learn's`,
    ],
    [timesAsLong !== undefined && ours.mebibytes > theirs.mebibytes, "more memory than scikit-learn"],
  ];
  return missed.filter(([is]) => is).map(([, words]) => words);
}
