import { reportMarker } from "./report-comment.ts";

const [begin, end] = ["<!-- mergeml:notice -->", "<!-- /mergeml:notice -->"];

/** A notice above a report: its heading, and what the reader is to know of what stands below. */
export interface ReportNotice {
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
