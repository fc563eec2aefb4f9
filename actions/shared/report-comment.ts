import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { shortCandidate } from "../../pipelines/run-log/judged-before.ts";
import type { GitHub } from "./github/client.ts";
import { readComment } from "./github/comment.ts";

/** The hidden first line of the report's comment. Two folders of models in one repository have a comment each. */
export function reportMarker(folder: string): string {
  return `<!-- mergeml:report${folder === "" ? "" : ` ${folder}`} -->`;
}

/** Seconds of training and the run that reported: they differ when a job runs again, and are no reason to notify anybody. */
export const incidentalText =
  /trained in [\d.,]+ s|\/actions\/runs\/\d+(\/artifacts\/\d+)?|<!-- mergeml:run [^\n]*|[\d.,]+ min of runners[^·<\n]*/g;

/** What a comment that was cut says of where the rest is. */
export function elsewhereOf(link: string): string {
  return `The [full report](${link}) has everything.`;
}

/** The report's comment on a pull request; null when there is none. */
export function findReportComment(github: GitHub, pullRequest: number, folder: string): Promise<string | null> {
  return readComment(github, pullRequest, reportMarker(folder));
}

const [begin, end] = ["<!-- mergeml:notice -->", "<!-- /mergeml:notice -->"];

/** A notice above a report: its heading, and what the reader is to know of what stands below. */
interface ReportNotice {
  heading: string;
  /** Markdown that is said whatever stands below. */
  text?: string;
  /** Said when there is a report below. */
  below: string;
}

/** The comment's text below its marker with a notice on top; what it said and remembers stays. `body` is null without a comment. */
export function withNotice(body: string | null, folder: string, { heading, text = "", below }: ReportNotice): string {
  const before = body === null ? "" : withoutNotice(body.replaceAll("\r\n", "\n"), folder);
  const hidden = /^(?:<!-- mergeml:(?:candidates|run) .*-->\n)*/.exec(before)?.[0] ?? "";
  const report = before.slice(hidden.length).trim();
  const isAlone = report === "";
  const notice = [begin, `## mergeml: ${heading}`, text, isAlone ? "" : below, isAlone ? "" : "---", end];
  return `${hidden}${notice.filter(Boolean).join("\n\n")}\n\n${report}`.trim();
}

/** The comment's text below its marker and without a notice. */
export function withoutNotice(body: string, folder: string): string {
  const text = body.startsWith(reportMarker(folder)) ? body.slice(reportMarker(folder).length + 1) : body;
  const [from, to] = [text.indexOf(`${begin}\n`), text.indexOf(end)];
  return from < 0 || to < from ? text : `${text.slice(0, from)}${text.slice(to + end.length).trimStart()}`;
}

/** Whether a comment says that a verdict is being made. */
export function saysJudging(body: string): boolean {
  return body.replaceAll("\r\n", "\n").includes(`${begin}\n\n## mergeml: judging `);
}

/** Whether two reports come to the same of the same models: their headings say so. */
export function saysSameVerdicts(one: string, other: string, folder: string): boolean {
  const told = (text: string) =>
    withoutNotice(text.replaceAll("\r\n", "\n"), folder)
      .split("\n")
      .filter((line) => /^## mergeml: |^### .*<a name=/.test(line))
      .join("\n");
  return told(one) === told(other);
}

/** A comment's text below its marker as it was, without a notice, with what it is to remember now. */
export function remembering(body: string, remembered: string, folder: string): string {
  const text = withoutNotice(body.replaceAll("\r\n", "\n"), folder);
  return `${remembered}\n${text.replace(/^<!-- mergeml:(?:candidates|run) .*-->\n/gm, "").trimStart()}`;
}

const [outcomesBegin, outcomesEnd] = ["<!-- mergeml:outcomes -->", "<!-- /mergeml:outcomes -->"];

/** A comment's text below its marker with a line per model on top that says what became of it; those of other models stay. */
export function withOutcomes(body: string, folder: string, lines: ReadonlyMap<string, string>): string {
  const before = withoutNotice(body.replaceAll("\r\n", "\n"), folder);
  const [from, to] = [before.indexOf(`${outcomesBegin}\n`), before.indexOf(outcomesEnd)];
  const has = from >= 0 && to > from;
  const told = has ? before.slice(from + outcomesBegin.length + 1, to) : "";
  const rest = has ? before.slice(0, from) + before.slice(to + outcomesEnd.length).trimStart() : before;
  const known = [...told.matchAll(/^(.*) <!-- of ([a-z0-9-]+) -->$/gm)].map(
    ([, line = "", model = ""]) => [model, line] as const,
  );
  const all = [...new Map([...known, ...lines])].sort(([a], [b]) => (a < b ? -1 : 1));
  const hidden = /^(?:<!-- mergeml:[^\n]*-->\n)*/.exec(rest)?.[0] ?? "";
  const listed = all.map(([model, line]) => `${line} <!-- of ${model} -->`).join("\n\n");
  return `${hidden}${outcomesBegin}\n${listed}\n${outcomesEnd}\n\n${rest.slice(hidden.length)}`;
}

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
