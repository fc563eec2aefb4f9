import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeAfterTries } from "../../pipelines/candidate/judge-candidate.ts";
import type { RepositoryConfig } from "../../pipelines/config/model-config.ts";
import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { ScoredVersion } from "../../pipelines/report/html/report-page.ts";
import { commentLimit, renderReport } from "../../pipelines/report/render-report.ts";
import { modelOf, worstEntryFirst } from "../../pipelines/report/report-entry.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";
import { type Action, appendJobSummary } from "./action.ts";
import { uploadFolder } from "./github/artifact.ts";
import { upsertComment } from "./github/comment.ts";
import { headlineOf, isBlocking, publishChecks } from "./report-checks.ts";
import {
  candidateMarker,
  elsewhereOf,
  findReportComment,
  incidentalText,
  type RememberedCandidate,
  readCandidateMarker,
  remembering,
  reportMarker,
  saysSameVerdicts,
  triedBefore,
} from "./report-comment.ts";
import type { ReportSubject } from "./report-subject.ts";
import { modelsFolder } from "./repository-path.ts";
import { costOf, type ToldCost } from "./run-cost.ts";

/** The summary of a job holds a mebibyte; other steps write to it too. */
const summaryLimit = 900_000;

export interface Publishing {
  /** What the comment remembers of candidates. */
  before?: ReadonlyMap<string, RememberedCandidate>;
  /** The primary metric of each model's versions. */
  histories?: ReadonlyMap<string, readonly ScoredVersion[]>;
  /** What a minute of a runner costs, with its currency. */
  minutePrice?: string;
  now?: Date;
  /** `comment` of mergeml.yaml. */
  comment?: RepositoryConfig["comment"];
}

/**
 * Comment, check run, summary and artifact. What the token may not do, or what gets lost on the way, is left out with a
 * notice; the summary always is there, and the verdict never depends on it. Only a lost check makes the job red.
 */
export async function publishReport(
  action: Action,
  subject: ReportSubject,
  entries: readonly ReportEntry[],
  publishing: Publishing = {},
): Promise<void> {
  const { before = new Map(), comment: mode = "always", histories = new Map() } = publishing;
  const { runUrl } = await action.context();
  const isNeutral = entries.length === 0 || entries.some(({ state }) => state === "unreached");
  const verdict = entries.some(isBlocking) ? "fail" : isNeutral ? "none" : "pass";
  const full = entries.length > 0 ? renderReport(entries, { limit: summaryLimit, histories }) : "No model is affected.";
  await appendJobSummary(action.env, full);
  const lost = "the full report is no artifact; it is in the job's summary";
  const { now = new Date(), minutePrice = "" } = publishing;
  const isTold = subject.mayPublish && entries.length > 0;
  const cost = isTold ? await costOf(action, subject, { now, minutePrice }) : null;
  if ((await orLost(action, lost, () => uploadReport(wholeOf(entries, full, histories)))) === "kept")
    action.log.info(`${lost}: this server has no artifacts of that kind`);
  const page = entries.length > 0 ? await uploadPage(action, entries, histories) : null;
  const publish = async <T>(what: string, work: () => Promise<T>) =>
    subject.mayPublish ? orLost(action, `${what}; the report is in the job's summary`, work) : "forbidden";
  const comment = await publish("the comment was lost", () =>
    post(action, subject, entries, { link: runUrl, page, cost, histories, before, mode, verdict }),
  );
  const check = await publish("the check was lost", () => publishChecks(action, subject, entries, { verdict, runUrl }));
  if (comment === "forbidden") tellDegraded(action, subject);
  action.output("verdict", verdict);
  action.output("comment", comment);
  action.log.info(`${headlineOf(entries)}; comment ${comment}, check ${check}`);
  if (verdict === "fail") action.fail(headlineOf(entries));
  // A check that has begun would say for ever that it is judging; who follows failed runs ends it.
  else if (check === "lost") action.fail("the check could not be written: run this job again");
}

async function orLost<T>({ log }: Action, notice: string, work: () => Promise<T>): Promise<T | "lost"> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.warn(`${notice}: ${error.message}`);
    return "lost";
  }
}

function tellDegraded({ log }: Action, { mayPublish }: ReportSubject): void {
  log.warn(
    mayPublish
      ? "the token may not comment on this pull request: the report is in the job's summary. Give the job pull-requests: write"
      : "this run's token may only read, as of every fork's and of Dependabot: model-report posts the report; it is in the job's summary too",
  );
}

interface Posting {
  link: string;
  /** Address of the report with pictures, if there is one. */
  page: string | null;
  cost: ToldCost | null;
  histories: NonNullable<Publishing["histories"]>;
  before: ReadonlyMap<string, RememberedCandidate>;
  mode: RepositoryConfig["comment"];
  verdict: "pass" | "fail" | "none";
}

/** Without an affected model, or with nothing to blame where only failures are told, only an earlier comment is brought up to date. */
async function post(
  action: Action,
  subject: ReportSubject,
  entries: readonly ReportEntry[],
  { link, page, cost, histories, before, mode, verdict }: Posting,
) {
  const { pullRequest, headSha } = subject;
  if (pullRequest === null) return "none";
  const records = entries.flatMap((entry) => (entry.state === "judged" ? [entry.candidate] : []));
  const against = new Map(
    entries.flatMap((entry) =>
      entry.state === "judged" ? [[entry.candidate.config.name, entry.production?.version ?? null] as const] : [],
    ),
  );
  const remembered = [candidateMarker(records, before, against), cost?.memory].filter(Boolean).join("\n");
  const told = { link: page ?? link, commit: headSha, histories, ...(cost && { cost: cost.text }) };
  const body = (limit: number) =>
    entries.length > 0
      ? `${remembered}\n${renderReport(entries, { ...told, limit: limit - remembered.length - 1 })}`
      : "## mergeml: no model changed";
  const folder = modelsFolder(action.env);
  const github = await action.github();
  const sticky = {
    pullRequest,
    marker: reportMarker(folder),
    elsewhere: elsewhereOf(link),
    incidental: incidentalText,
  };
  const kept = mode === "on-change" ? await findReportComment(github, pullRequest, folder) : null;
  const isOld = kept !== null && saysSameVerdicts(kept, body(commentLimit), folder);
  return upsertComment(github, {
    ...sticky,
    body: isOld ? () => remembering(kept, remembered, folder) : body,
    onlyUpdate: entries.length === 0 || (mode === "on-failure" && verdict !== "fail"),
  });
}

/** The artifact has what no summary or comment has room for. */
function wholeOf(entries: readonly ReportEntry[], full: string, histories: Posting["histories"]): string {
  return full.length < summaryLimit / 2 ? full : renderReport(entries, { limit: Number.POSITIVE_INFINITY, histories });
}

async function uploadReport(markdown: string): Promise<number | "kept"> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-full-report-"));
  try {
    await writeAside(join(folder, "report.md"), `${markdown}\n`);
    return await uploadFolder({ name: "mergeml-full-report", folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * What this pull request's comment remembers of its candidates. The jobs that train hold no token that could write to the run
 * log, so that the comment, which only the report writes, is where tries are counted. Nothing is remembered when it cannot be read.
 */
export async function rememberedBefore(
  action: Action,
  { pullRequest }: Pick<ReportSubject, "pullRequest">,
): Promise<Map<string, RememberedCandidate>> {
  if (pullRequest === null) return new Map();
  try {
    const comment = await findReportComment(await action.github(), pullRequest, modelsFolder(action.env));
    return readCandidateMarker(comment ?? "");
  } catch (error) {
    // Only a count is lost, and the verdict must not be.
    action.log.warn(`what this pull request tried before is not counted: ${(error as Error).message}`);
    return new Map();
  }
}

/** Judges each candidate knowing which others its pull request tried on the same test rows. */
export async function judgeEntriesAfterTries(
  action: Action,
  entries: readonly ReportEntry[],
  before: ReadonlyMap<string, RememberedCandidate>,
): Promise<ReportEntry[]> {
  const judged: ReportEntry[] = [];
  for (const entry of entries) {
    const tried = entry.state === "judged" ? triedBefore(entry.candidate, before.get(entry.candidate.config.name)) : [];
    if (entry.state !== "judged" || tried.length === 0) judged.push(entry);
    else
      judged.push({
        ...entry,
        ...(await judgeAfterTries(await action.workspace(), entry.candidate, entry.evaluation, tried)),
      });
  }
  return judged;
}

const pageArtifact = "mergeml-report-html";
/** Models that have pictures; more make a page that no browser likes. */
const mostPictured = 50;

/** Uploads the report with pictures, one file that opens offline. Returns its address; null where it cannot be. */
async function uploadPage(
  action: Action,
  entries: readonly ReportEntry[],
  histories: ReadonlyMap<string, readonly ScoredVersion[]>,
): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-report-html-"));
  try {
    const { reportPage } = await import("../../pipelines/report/html/report-page.ts");
    const sorted = worstEntryFirst(entries).slice(0, mostPictured);
    const own = sorted.map((entry) => histories.get(modelOf(entry)) ?? []);
    await writeAside(join(folder, "report.html"), await reportPage({ entries: sorted, histories: own }));
    const artifact = await uploadFolder({ name: pageArtifact, folder });
    return artifact === "kept" ? null : `${(await action.context()).runUrl}/artifacts/${artifact}`;
  } catch (error) {
    // Pictures are beside the verdict, which must not be lost with them.
    action.log.warn(`the report with pictures was not made: ${(error as Error).message}`);
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
