import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { shortCandidate } from "../../pipelines/run-log/judged-before.ts";

/** What a pull request's comment remembers of a candidate, so that the deploy can say whether it made the same again. */
export interface RememberedCandidate {
  sha256: string;
  definition: string;
  train: string;
  test: string;
  /** The version that it was judged against, null for none; absent in what earlier versions wrote. */
  against?: number | null;
  /**
   * Every candidate that the pull request judged, the oldest first: eight digits of its test split, eight of its own. Switching
   * to another split and back forgets none.
   */
  judged?: readonly string[];
}

/** A comment holds at most so many, to leave room for the report. */
const most = 60;
/** Tries that a comment remembers, over all of its models and of one. */
const [mostJudged, mostJudgedOfModel] = [1000, 250];
const pattern = /^<!-- mergeml:candidates (\{[^\n]{0,30000}\}) -->$/m;

/** A hidden line of the comment, with sixteen characters of each hash; models that `before` knew alone are kept. */
export function candidateMarker(
  records: readonly CandidateRecord[],
  before: Remembered = new Map(),
  against: ReadonlyMap<string, number | null> = new Map(),
): string {
  const now = new Map(
    records.map((record) => {
      const { name } = record.config;
      const version = against.has(name) ? { against: against.get(name) ?? null } : {};
      return [name, { ...rememberAfter(record, before), ...version }];
    }),
  );
  const all = [...now, ...[...before].filter(([model]) => !now.has(model))].slice(0, most);
  const share = Math.min(mostJudgedOfModel, Math.floor(mostJudged / Math.max(1, all.length)));
  const entries = all.map(([model, each]) => [model, { ...each, judged: (each.judged ?? []).slice(-share) }]);
  return `<!-- mergeml:candidates ${JSON.stringify(Object.fromEntries(entries))} -->`;
}

type Remembered = ReadonlyMap<string, RememberedCandidate>;

function rememberAfter(record: CandidateRecord, before: Remembered): RememberedCandidate {
  const judged = before.get(record.config.name)?.judged ?? [];
  const own = judgedEntry(record);
  return { ...remember(record), judged: judged.includes(own) ? judged : [...judged, own] };
}

function judgedEntry({ id, test }: Pick<CandidateRecord, "id" | "test">): string {
  return `${short(test.fingerprint).slice(0, 8)}${shortCandidate(id)}`;
}

/** The candidates that the pull request judged on the test rows of this one before it. */
export function triedBefore(
  record: Pick<CandidateRecord, "id" | "test">,
  remembered: RememberedCandidate | null | undefined,
): string[] {
  const judged = remembered?.judged ?? [];
  const own = judgedEntry(record);
  const before = judged.includes(own) ? judged.slice(0, judged.indexOf(own)) : judged;
  return before.filter((each) => each.slice(0, 8) === own.slice(0, 8)).map((each) => each.slice(8));
}

/** What a comment remembers; nothing when it has no such line or a broken one, because it only informs. */
export function readCandidateMarker(body: string): Map<string, RememberedCandidate> {
  const text = pattern.exec(body)?.[1];
  try {
    const read = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    return new Map(Object.entries(read).flatMap(([model, value]) => (isRemembered(value) ? [[model, value]] : [])));
  } catch {
    return new Map();
  }
}

/** The first sixteen characters after the kind, e.g. of `sha256:3f9c…`. */
export function remember(record: CandidateRecord): RememberedCandidate {
  return {
    sha256: short(record.model.sha256),
    definition: short(record.definition),
    train: short(record.train.fingerprint),
    test: short(record.test.fingerprint),
  };
}

function short(hash: string): string {
  return hash.replace(/^[a-z0-9]+[:-]/, "").slice(0, 16);
}

function isJudgedList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((each) => /^[0-9a-f]{16}$/.test(String(each))));
}

function isRemembered(value: unknown): value is RememberedCandidate {
  const hex = (text: unknown) => typeof text === "string" && /^[0-9a-f]{8,16}$/.test(text);
  const each = value as Record<string, unknown> | null;
  return (
    typeof each === "object" &&
    each !== null &&
    ["sha256", "definition", "train", "test"].every((key) => hex(each[key])) &&
    (each.against === undefined || each.against === null || Number.isSafeInteger(each.against)) &&
    isJudgedList(each.judged)
  );
}
