import type { TrialRecord } from "./trial.ts";

/** A trial with its place in the order in which all were drawn, from 1. */
export interface NumberedTrial extends TrialRecord {
  number: number;
}

/** The first `most` trials in the order in which they were drawn, and always the one whose params the model has. */
export function fewTrials(trials: readonly (TrialRecord & { number?: number })[], most: number): NumberedTrial[] {
  const numbered = trials.map((trial, at) => ({ ...trial, number: trial.number ?? at + 1 }));
  const first = numbered.slice(0, most);
  const winner = numbered.slice(most).find((trial) => trial.winner);
  return winner ? [...first.slice(0, -1), winner] : first;
}
