import type { RunRecord } from "./run-record.ts";

/**
 * How many other candidates the run log knows to have been judged on a test split before candidate `id` was: before its own
 * first run, if it has one, so that judging it again counts the same.
 */
export function judgedBefore(runs: readonly RunRecord[], id: string, testFingerprint: string): number {
  const onSplit = runs.filter(({ verdict, data }) => verdict !== null && data?.test.fingerprint === testFingerprint);
  const first = onSplit.filter(({ candidate }) => candidate === id).reduce<string | null>(earlier, null);
  const others = onSplit.filter(({ candidate, time }) => candidate !== id && (first === null || time < first));
  return new Set(others.map(({ candidate }) => candidate)).size;
}

function earlier(known: string | null, { time }: RunRecord): string {
  return known === null || time < known ? time : known;
}
