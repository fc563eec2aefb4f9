import { type Answer, json } from "./answer.ts";

interface Annotation {
  path: string;
  message: string;
}

export interface CheckRun {
  id: number;
  name: string;
  url: string;
  head_sha: string;
  external_id: string;
  conclusion: string;
  output: { title: string; summary: string; annotations_count: number };
  /** All that were ever sent: an update adds to them. */
  annotations: Annotation[];
}

/** The checks of a commit that the emulator need not know: the newest of each name, or all. */
export function checksOfCommit(checks: readonly CheckRun[], sha: string, query: URLSearchParams): Answer {
  const name = query.get("check_name");
  const found = checks.filter((run) => run.head_sha === sha && (name === null || run.name === name)).toReversed();
  const isNewest = (run: CheckRun, at: number) => found.findIndex((each) => each.name === run.name) === at;
  const runs = query.get("filter") === "all" ? found : found.filter(isNewest);
  return json(200, { total_count: runs.length, check_runs: runs.map(shown) });
}

/** Keeps what the emulator answered to a check's creation or update; annotations add up, which the emulator does not do. */
export function keepCheck(checks: CheckRun[], sent: string, answered: string): string {
  const run = JSON.parse(answered) as CheckRun;
  if (run.id === undefined) return answered;
  const at = checks.findIndex(({ id }) => id === run.id);
  const { output } = JSON.parse(sent) as { output?: { annotations?: Annotation[] } };
  const annotations = [...(checks[at]?.annotations ?? []), ...(output?.annotations ?? [])];
  const kept = { ...run, annotations, output: { ...run.output, annotations_count: annotations.length } };
  checks.splice(at < 0 ? checks.length : at, 1, kept);
  return JSON.stringify(shown(kept));
}

/** One check as it is kept; null when it is not known. */
export function keptCheck(checks: readonly CheckRun[], id: number): Answer | null {
  const found = checks.find((run) => run.id === id);
  return found ? json(200, shown(found)) : null;
}

function shown({ annotations: _sent, ...run }: CheckRun): object {
  return { ...run, output: { ...run.output, annotations_url: `${run.url}/annotations` } };
}
