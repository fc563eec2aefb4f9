import { canonicalJson, type Json } from "../config/canonical-json.ts";
import { didYouMean, UserError } from "../errors/expected-error.ts";
import type { RunRecord } from "./run-record.ts";

/** A param, or what else decides a training, that differs from the run before; undefined where a run has none. */
export interface ChangedParam {
  name: string;
  before: Json | undefined;
  after: Json | undefined;
}

/** A run as it is listed. */
export interface ListedRun extends RunRecord {
  /** null for the first run of a model. */
  changed: readonly ChangedParam[] | null;
}

interface ListOptions {
  /** A metric; without it the newest run is first. */
  sort?: string;
  limit?: number;
}

/** Runs, newest first, as a list of candidates: sorted, cut, and each with what changed from its model's run before. */
export function listRuns(records: readonly RunRecord[], { sort, limit }: ListOptions): ListedRun[] {
  const listed = withChanges(onePerCandidate(withVersions(records)));
  return (sort === undefined ? listed : sortByMetric(listed, sort)).slice(0, limit);
}

/** Each run with the version its candidate became, which a later record may have told. */
export function withVersions(records: readonly RunRecord[]): RunRecord[] {
  const key = ({ model, candidate }: RunRecord) => `${model} ${candidate}`;
  const registered = records.filter(({ candidate, version }) => candidate !== null && version !== null);
  const versions = new Map(registered.map((record) => [key(record), record.version]));
  return records.map((record) => ({ ...record, version: record.version ?? versions.get(key(record)) ?? null }));
}

/** A candidate that was trained again from the cache, or registered later, is one run: its newest record. */
export function onePerCandidate(newestFirst: readonly RunRecord[]): RunRecord[] {
  const byCandidate = new Map<string, RunRecord>();
  for (const record of newestFirst) {
    const key = `${record.model} ${record.candidate ?? record.id}`;
    if (!byCandidate.has(key)) byCandidate.set(key, record);
  }
  return [...byCandidate.values()];
}

function withChanges(newestFirst: readonly RunRecord[]): ListedRun[] {
  const before = new Map<string, RunRecord>();
  const listed = newestFirst.toReversed().map((record): ListedRun => {
    const last = before.get(record.model);
    before.set(record.model, record);
    return { ...record, changed: last ? changedParams(last, record) : null };
  });
  return listed.reverse();
}

/** What differs in type, seed and params, nested ones joined by dots. */
export function changedParams(before: RunRecord, after: RunRecord): ChangedParam[] {
  const [left, right] = [comparedParams(before), comparedParams(after)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((name) => ({ name, before: left.get(name), after: right.get(name) }))
    .filter((each) => paramKey(each.before) !== paramKey(each.after));
}

/** A training's type, seed and params by name. */
export function comparedParams({ type, seed, params }: RunRecord): Map<string, Json> {
  return new Map<string, Json>([["type", type], ["seed", seed], ...flatten(params)]);
}

function flatten(value: { readonly [key: string]: Json }, prefix = ""): [string, Json][] {
  return Object.entries(value).flatMap(([key, each]): [string, Json][] =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? flatten(each as { readonly [key: string]: Json }, `${prefix}${key}.`)
      : [[`${prefix}${key}`, each]],
  );
}

function paramKey(value: Json | undefined): string {
  return value === undefined ? "" : typeof value === "object" ? canonicalJson(value) : JSON.stringify(value);
}

/** The best first, by the metric's own direction; runs that have no such value come last, newest first. */
function sortByMetric(runs: readonly ListedRun[], metric: string): ListedRun[] {
  const entry = (run: RunRecord) => run.metrics.find((each) => each.metric === metric);
  const direction = runs.map(entry).find((each) => each !== undefined)?.direction;
  if (direction === undefined) throw unknownMetric(runs, metric);
  const sign = direction === "min" ? 1 : -1;
  const value = (run: RunRecord) => {
    const score = entry(run)?.candidate ?? null;
    // A bias is best near zero, on whichever side.
    return score === null ? Number.POSITIVE_INFINITY : sign * (metric === "bias" ? Math.abs(score) : score);
  };
  const keyed = runs.map((run) => ({ run, key: value(run) }));
  return keyed.sort((a, b) => (a.key === b.key ? 0 : a.key - b.key)).map(({ run }) => run);
}

function unknownMetric(runs: readonly RunRecord[], metric: string): UserError {
  const names = [...new Set(runs.flatMap((run) => run.metrics.map((each) => each.metric)))];
  const meant = didYouMean(metric, names);
  const known = names.length > 0 ? `they have: ${names.slice(0, 20).join(", ")}` : "no run has a metric yet";
  return new UserError({
    message: `no run has a metric ${metric}`,
    hint: meant ? `did you mean ${meant}? ${known}` : known,
  });
}

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
