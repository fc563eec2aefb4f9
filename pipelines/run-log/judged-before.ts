import type { RunRecord } from "./run-record.ts";

/**
 * How many other candidates are known to have been judged on a test split before candidate `id` was: in the run log before its
 * own first run, if it has one, so that judging it again counts the same, and in its pull request (`tried`, as `shortCandidate`).
 */
export function judgedBefore(
  runs: readonly RunRecord[],
  id: string,
  testFingerprint: string,
  tried: readonly string[] = [],
): number {
  const onSplit = runs.filter(({ verdict, data }) => verdict !== null && data?.test.fingerprint === testFingerprint);
  const first = onSplit.filter(({ candidate }) => candidate === id).reduce<string | null>(earlier, null);
  const others = onSplit.filter(({ candidate, time }) => candidate !== id && (first === null || time < first));
  const known = others.flatMap(({ candidate, tried: before = [] }) => [shortCandidate(candidate ?? ""), ...before]);
  return new Set([...known, ...tried].filter((each) => each !== shortCandidate(id))).size;
}

/** The first eight digits of a candidate's id, which tell those on one split apart. */
export function shortCandidate(id: string): string {
  return id.replace(/^c-/, "").slice(0, 8);
}

function earlier(known: string | null, { time }: RunRecord): string {
  return known === null || time < known ? time : known;
}
