import { visibleText } from "../../pipelines/errors/inert-markdown.ts";
import { thresholdPlaces } from "../../pipelines/gate/threshold-place.ts";
import type { JudgedEntry, ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { renderReport } from "../../pipelines/report/render-report.ts";
import { entryState, headline, worstEntryFirst } from "../../pipelines/report/report-entry.ts";
import type { Action } from "./action.ts";
import { type CheckAnnotation, type CheckOutcome, type CheckRun, publishCheckRun } from "./github/check-run.ts";
import { checkName } from "./report-names.ts";
import type { ReportSubject } from "./report-subject.ts";
import { pathInRepository } from "./repository-path.ts";

const blocking = new Set(["error", "checks-failed", "fail", "inconclusive"]);
/** More models than this have pages: a check has room for the verdicts of about so many. */
const modelsOfPage = 50;
/** Further checks, two requests each. */
const mostPages = 40;

/** Whether a model's state keeps the pull request from being merged. */
export function isBlocking(entry: ReportEntry): boolean {
  return blocking.has(entryState(entry));
}

/** The report in a few words, as plain text. */
export function headlineOf(entries: readonly ReportEntry[]): string {
  return headline(worstEntryFirst(entries)).replaceAll("\\", "");
}

/**
 * The check of the whole pull request, which rules may require; of more than fifty models also one for each fifty of them, the
 * worst first, with their verdicts.
 */
export async function publishChecks(
  action: Action,
  { headSha }: ReportSubject,
  entries: readonly ReportEntry[],
  { verdict, runUrl }: { verdict: "pass" | "fail" | "none"; runUrl: string },
): Promise<CheckOutcome> {
  const github = await action.github();
  const name = checkName(action.env);
  const render = (some: readonly ReportEntry[]) => (limit: number) =>
    some.length > 0 ? renderReport(some, { link: runUrl, commit: headSha, limit }) : "No model is affected.";
  const whole: CheckRun = {
    name,
    headSha,
    conclusion: verdict === "fail" ? "failure" : verdict === "pass" ? "success" : "neutral",
    title: entries.length > 0 ? headlineOf(entries) : "no model is affected",
    summary: render(entries),
    annotations: entries.flatMap((entry) => annotationsOf(entry, action.env)),
    detailsUrl: runUrl,
  };
  const outcome = await publishCheckRun(github, whole);
  if (entries.length <= modelsOfPage || outcome === "forbidden") return outcome;
  const sorted = worstEntryFirst(entries);
  for (let at = 0; at < Math.min(sorted.length, mostPages * modelsOfPage); at += modelsOfPage) {
    const some = sorted.slice(at, at + modelsOfPage);
    await publishCheckRun(github, {
      ...{ name: `${name}: models ${at + 1} to ${at + some.length}`, headSha, detailsUrl: runUrl, annotations: [] },
      conclusion: some.some(isBlocking) ? "failure" : "neutral",
      title: headlineOf(some),
      summary: render(some),
    });
  }
  return outcome;
}

/** What blocks a candidate, on the line of its threshold. */
function blockedAt({ candidate: { config }, verdict, locate }: JudgedEntry, env: Action["env"]): CheckAnnotation[] {
  if (locate === undefined) return [];
  const whole = locate(["thresholds"]).line;
  return verdict.checks
    .filter(({ outcome, waived }) => outcome !== "pass" && waived === undefined)
    .map((check) => {
      const places = thresholdPlaces(check, verdict, config).map(locate);
      const { file, line } = places.find((each) => each.line !== whole) ?? places[0] ?? locate(["thresholds"]);
      return {
        ...{ path: pathInRepository(file, env), start_line: line, end_line: line },
        annotation_level: check.outcome === "fail" ? ("failure" as const) : ("warning" as const),
        message: visibleText(
          `${check.reason}\nlimit ${check.limit}, found ${check.found}`.slice(0, 10_000).toWellFormed(),
        ),
        title: visibleText(`mergeml: ${config.name} ${check.id}`.slice(0, 255).toWellFormed()),
      };
    });
}

/** What the check marks on lines of the pull request: mistakes, and the thresholds that block. */
function annotationsOf(entry: ReportEntry, env: Action["env"]): CheckAnnotation[] {
  if (entry.state === "judged") return blockedAt(entry, env);
  if (entry.state !== "error") return [];
  return entry.problems.flatMap(({ message, hint, where, key, severity }) => {
    if (!where) return [];
    const text = hint ? `${message}\n${hint}` : message;
    return [
      {
        path: pathInRepository(where.file, env),
        start_line: where.line,
        end_line: where.line,
        annotation_level: severity === "warning" ? ("warning" as const) : ("failure" as const),
        message: visibleText(text.slice(0, 10_000).toWellFormed()),
        title: key ? visibleText(`mergeml: ${key}`.slice(0, 255).toWellFormed()) : "mergeml",
      },
    ];
  });
}
