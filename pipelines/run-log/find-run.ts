import { UserError } from "../errors/user-error.ts";
import type { RunRecord } from "./run-record.ts";

const shownDigits = 8;

/** `r-` and as many digits as lists show. */
export function shortRunId(id: string): string {
  return id.slice(0, 2 + shownDigits);
}

/**
 * The run whose id begins with `prefix` (`r-` may be left out), or the newest run of the candidate whose id does (`c-…`).
 * `runs` are newest first. Throws UserError when there is none or more than one.
 */
export function findRun(runs: readonly RunRecord[], prefix: string): RunRecord {
  if (!/^(?:[rc]-)?[0-9a-f]{4,64}$/.test(prefix)) {
    throw new UserError({
      message: `${prefix.slice(0, 80)} is not the id of a run`,
      hint: "write at least four of its hex digits, e.g. r-7d21e0, as mergeml runs shows them",
    });
  }
  const found = prefix.startsWith("c-") ? ofCandidate(runs, prefix) : ofRun(runs, prefix);
  const [run, ...others] = found;
  if (run && others.length === 0) return run;
  if (!run) throw new UserError({ message: `no run has an id that begins with ${prefix}`, hint: "see: mergeml runs" });
  const some = found
    .slice(0, 4)
    .map((each) => `${idLike(prefix, each).slice(0, 14)} (${each.model}, ${each.time.slice(0, 16)})`);
  throw new UserError({
    message: `${found.length} runs have an id that begins with ${prefix}: ${some.join(", ")}${found.length > 4 ? ", …" : ""}`,
    hint: "write more of its digits",
  });
}

function ofRun(runs: readonly RunRecord[], prefix: string): RunRecord[] {
  const start = prefix.startsWith("r-") ? prefix : `r-${prefix}`;
  return runs.filter(({ id }) => id.startsWith(start));
}

function ofCandidate(runs: readonly RunRecord[], prefix: string): RunRecord[] {
  const newest = new Map<string, RunRecord>();
  for (const run of runs)
    if (run.candidate?.startsWith(prefix) && !newest.has(run.candidate)) newest.set(run.candidate, run);
  return [...newest.values()];
}

function idLike(prefix: string, { id, candidate }: RunRecord): string {
  return prefix.startsWith("c-") ? (candidate ?? id) : id;
}
