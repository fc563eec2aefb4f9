import { canonicalJson } from "./canonical-json.ts";
import type { ModelConfig } from "./model-config.ts";

/** One key that differs. `undefined` means that the key, or that entry of a list, is not there on that side. */
export interface ConfigChange {
  /** E.g. `params.max_leaves`, `features.checks`. */
  key: string;
  before: unknown;
  after: unknown;
}

/** What a reviewer would want to know of a changed model, key by key, in the order of model.yaml; a changed query comes as counts of lines. */
export function describeChange(
  before: ModelConfig,
  after: ModelConfig,
  queryBefore: string,
  queryAfter: string,
): ConfigChange[] {
  const changes = changesOf("", withoutQuery(before), withoutQuery(after));
  const own = [ownText(before, queryBefore), ownText(after, queryAfter)] as const;
  const files = [before.features.query, after.features.query] as const;
  const found = [queryChange("features.query", ...files, ...own), ...viewChanges(before, after)];
  const place = changes.findIndex(({ key }) =>
    /^(thresholds|drift|retrain|rollback|promote|serving|card|resources)\b/.test(key),
  );
  return changes.toSpliced(place < 0 ? changes.length : place, 0, ...found.flatMap((change) => change ?? []));
}

/** Without the views that it was put together with. */
function ownText({ features }: ModelConfig, text: string): string {
  return features.composition?.query ?? text;
}

/** The feature views that both configs use and that are not the same in them: their SQL, keys or constraints. */
export function changedViews({ features: before }: ModelConfig, { features: after }: ModelConfig): string[] {
  return (after.composition?.views ?? []).flatMap((view) => {
    const was = before.composition?.views.find(({ name }) => name === view.name);
    return was && canonicalJson(was) !== canonicalJson(view) ? [view.name] : [];
  });
}

/** Of a view that both use: its SQL, its key, its constraints. */
function viewChanges({ features: before }: ModelConfig, { features: after }: ModelConfig): ConfigChange[] {
  const [old, now] = [before.composition?.views ?? [], after.composition?.views ?? []];
  const names = [...new Set([...now, ...old].map(({ name }) => name))];
  return names.flatMap((name): ConfigChange[] => {
    const key = `features.${name}`;
    const [was, is] = [old, now].map((views) => views.find((view) => view.name === name));
    if (!was || !is) return [{ key, before: was && "used", after: is && "used" }];
    const { query: queryWas, ...restWas } = was;
    const { query: queryIs, ...restIs } = is;
    const file = `features/${name}.sql`;
    const query = queryChange(key, file, file, queryWas, queryIs);
    return [...(query ? [query] : []), ...changesOf(key, restWas, restIs)];
  });
}

function withoutQuery(config: ModelConfig): unknown {
  const { query: _, composition: __, ...features } = config.features;
  // A record of before naive was asked for was judged without, but nobody changed it.
  return { ...config, features, thresholds: { ...config.thresholds, naive: config.thresholds.naive ?? "block" } };
}

function changesOf(key: string, before: unknown, after: unknown): ConfigChange[] {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return keys.flatMap((name) => changesOf(key ? `${key}.${name}` : name, before[name], after[name]));
  }
  return isListOfObjects(before) && isListOfObjects(after)
    ? entryChanges(key, before, after)
    : [{ key, before, after }];
}

/** Entries of a list have no names: an edited one is told as removed and added. */
function entryChanges(key: string, before: readonly unknown[], after: readonly unknown[]): ConfigChange[] {
  const removed = entriesOnlyIn(before, after).map((entry) => ({ key, before: entry, after: undefined }));
  const added = entriesOnlyIn(after, before).map((entry) => ({ key, before: undefined, after: entry }));
  return [...removed, ...added];
}

function entriesOnlyIn(entries: readonly unknown[], others: readonly unknown[]): unknown[] {
  const left = others.map(canonicalJson);
  return entries.filter((entry) => {
    const at = left.indexOf(canonicalJson(entry));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfObjects(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isObject);
}

function queryChange(
  key: string,
  fileBefore: string,
  fileAfter: string,
  before: string,
  after: string,
): ConfigChange | null {
  if (before === after) return fileBefore === fileAfter ? null : { key, before: fileBefore, after: fileAfter };
  const { removed, added, linesBefore, linesAfter } = changedLines(before, after);
  return {
    key,
    before: `${fileBefore}, ${lines(linesBefore)}`,
    after: `${fileAfter}, ${lines(linesAfter)} (+${added} −${removed})`,
  };
}

function lines(count: number): string {
  return `${count} line${count === 1 ? "" : "s"}`;
}

/** Beyond this many pairs of lines the common ones are not looked for: the answer is a count for people. */
const MAX_PAIRS = 4_000_000;

/** How many lines went and came between two texts: those outside a longest common subsequence. */
export function changedLines(
  before: string,
  after: string,
): { removed: number; added: number; linesBefore: number; linesAfter: number } {
  const a = linesOf(before);
  const b = linesOf(after);
  const [middleA, middleB] = trimCommonEnds(a, b);
  const common = middleA.length * middleB.length > MAX_PAIRS ? 0 : longestCommon(middleA, middleB);
  const removed = middleA.length - common;
  return { removed, added: middleB.length - common, linesBefore: a.length, linesAfter: b.length };
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

function trimCommonEnds(a: string[], b: string[]): [string[], string[]] {
  const shortest = Math.min(a.length, b.length);
  let head = 0;
  while (head < shortest && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shortest - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
}

/** Length of a longest common subsequence, by dynamic programming over one row. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const line of a) {
    const next = new Uint32Array(b.length + 1);
    for (let at = 1; at <= b.length; at++) {
      next[at] = line === b[at - 1] ? row[at - 1]! + 1 : Math.max(row[at]!, next[at - 1]!);
    }
    row = next;
  }
  return row[b.length]!;
}
