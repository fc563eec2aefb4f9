import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";

/** What a pull request's comment remembers of a candidate, so that the deploy can say whether it made the same again. */
export interface RememberedCandidate {
  sha256: string;
  definition: string;
  train: string;
  test: string;
}

/** A comment holds at most so many, to leave room for the report. */
const most = 60;
const pattern = /^<!-- mergeml:candidates (\{[^\n]{0,30000}\}) -->$/m;

/** A hidden line of the comment, with sixteen characters of each hash. */
export function candidateMarker(records: readonly CandidateRecord[]): string {
  const entries = records.slice(0, most).map((record) => [record.config.name, remember(record)]);
  return `<!-- mergeml:candidates ${JSON.stringify(Object.fromEntries(entries))} -->`;
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
  const short = (hash: string) => hash.replace(/^[a-z0-9]+[:-]/, "").slice(0, 16);
  return {
    sha256: short(record.model.sha256),
    definition: short(record.definition),
    train: short(record.train.fingerprint),
    test: short(record.test.fingerprint),
  };
}

function isRemembered(value: unknown): value is RememberedCandidate {
  const hex = (text: unknown) => typeof text === "string" && /^[0-9a-f]{8,16}$/.test(text);
  const each = value as Record<string, unknown> | null;
  return (
    typeof each === "object" &&
    each !== null &&
    ["sha256", "definition", "train", "test"].every((key) => hex(each[key]))
  );
}
