import { basename } from "node:path";
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from "yaml";
import { callerWorkflows } from "./workflow-texts.ts";

type Scopes = Readonly<Record<string, string>>;

/** What a called workflow asks for: GitHub starts no run of a caller that gives less. By the name of its file. */
function neededPermissions(): Map<string, Scopes> {
  const all = callerWorkflows({ name: "a/b", ref: "c", version: null }, "main", { environments: ["a", "production"] });
  const entries = Object.entries(all).map(([path, text]): [string, Scopes] => {
    const { jobs } = parse(text) as { jobs: Record<string, { permissions: Scopes }> };
    return [basename(path), Object.values(jobs)[0]!.permissions];
  });
  return new Map(entries);
}

const called = /^([\w.-]+\/[\w.-]+)\/\.github\/workflows\/([\w-]+\.yml)@/;

/**
 * A workflow whose jobs that call one of mergeml's give it all that it asks for by now; what they give beyond that stays. `names`
 * are the repositories that have mergeml. Permissions in another form than a block with a scope a line are left to people.
 */
export function givePermissions(text: string, names: ReadonlySet<string>): string {
  const jobs = parseDocument(text).get("jobs");
  if (!isMap(jobs)) return text;
  const needed = neededPermissions();
  const edits = jobs.items.flatMap(({ value: job }) => {
    if (!isMap(job)) return [];
    const [, name = "", file = ""] = called.exec(String(job.get("uses") ?? "")) ?? [];
    const given = job.get("permissions", true);
    const scopes = names.has(name) ? needed.get(file) : undefined;
    return scopes && isMap(given) && given.flow !== true ? editsOf(text, given, scopes) : [];
  });
  return edits
    .toReversed() // of those at one place the last goes first
    .sort((one, other) => other.at - one.at)
    .reduce((whole, { at, length, words }) => whole.slice(0, at) + words + whole.slice(at + length), text);
}

interface Edit {
  at: number;
  length: number;
  words: string;
}

function editsOf(text: string, given: YAMLMap, needed: Scopes): Edit[] {
  const rows = given.items.flatMap(({ key, value }) =>
    isScalar(key) && key.range && isScalar(value) && value.range
      ? [{ scope: `${key.value}`, level: `${value.value}`, start: key.range[0], value: value.range }]
      : [],
  );
  const [first] = rows;
  if (first === undefined) return [];
  const indent = " ".repeat(first.start - (text.lastIndexOf("\n", first.start - 1) + 1));
  const order = ["none", "read", "write"];
  return Object.entries(needed).flatMap(([scope, level]): Edit[] => {
    const row = rows.find((each) => each.scope === scope);
    if (row) {
      if (order.indexOf(row.level) >= order.indexOf(level)) return [];
      return [{ at: row.value[0], length: row.value[1] - row.value[0], words: level }];
    }
    const next = rows.find((each) => each.scope > scope);
    if (next) return [{ at: next.start, length: 0, words: `${scope}: ${level}\n${indent}` }];
    const end = text.indexOf("\n", rows.at(-1)!.value[1]);
    return [{ at: end < 0 ? text.length : end, length: 0, words: `\n${indent}${scope}: ${level}` }];
  });
}
