import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import { formatNumber } from "../../pipelines/statistics/format-number.ts";
import { readHidden, writeHidden } from "../../pipelines/watch/notice/hidden-line.ts";
import type { Action } from "./action.ts";
import { type GitHub, orForbidden } from "./github/client.ts";
import { findReportComment } from "./report-comment.ts";
import type { ReportSubject } from "./report-subject.ts";
import { modelsFolder } from "./repository-path.ts";

/** What a run took of runners, and what the run before it took; kept in the comment's hidden line. */
interface RunCost {
  run: number;
  minutes: number;
  jobs: number;
  /** null for the first. */
  last: number | null;
}

/** Minutes that the jobs of this run have taken so far, each by its own clock; null where the token may not know. */
async function measureRun(
  { octokit, owner, repo, context }: GitHub,
  runId: number,
  now: Date,
): Promise<Pick<RunCost, "run" | "minutes" | "jobs"> | null> {
  const request = { owner, repo, run_id: runId, filter: "latest" as const, per_page: 100 };
  const jobs = await orForbidden(() => octokit.paginate(octokit.rest.actions.listJobsForWorkflowRun, request));
  if (jobs === "forbidden" || context.runId === 0) return null;
  const seconds = jobs.map(({ started_at, completed_at }) => {
    const end = completed_at === null ? now.getTime() : Date.parse(completed_at);
    return Math.max(0, (end - Date.parse(started_at)) / 1_000);
  });
  const taken = seconds.filter(Number.isFinite);
  if (taken.length === 0) return null;
  const minutes = taken.reduce((sum, each) => sum + each, 0) / 60;
  return { run: runId, minutes: Math.round(minutes * 10) / 10, jobs: taken.length };
}

const kind = "run";

/** The run's cost beside that of the run before it, which an earlier comment remembers. */
function withLastRun(cost: Pick<RunCost, "run" | "minutes" | "jobs">, comment: string | null): RunCost {
  const line = (comment ?? "").split(/\r?\n/).find((each) => each.startsWith(`<!-- mergeml:${kind} `));
  const { run, minutes, last } = readHidden(kind, line ?? "");
  const known = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
  return { ...cost, last: run === cost.run ? known(last) : known(minutes) };
}

/** The hidden line that the next run reads. */
function writeRunCost({ run, minutes, last }: RunCost): string {
  return writeHidden(kind, { run, minutes, last });
}

/** `12.3 min of runners in 5 jobs (0.07 USD), 15 min the run before`; `price` is that of a minute, with its currency. */
function describeRunCost({ minutes, jobs, last }: RunCost, price: string): string {
  const [, amount, currency = ""] = /^(\d+(?:\.\d+)?) ?([A-Za-z€$£¥]{0,5})$/.exec(price) ?? [];
  const money = (of: number) => `${formatNumber(of * Number(amount), 2)} ${currency}`.trim();
  const cost = amount === undefined ? "" : ` (${money(minutes)})`;
  const before = last === null ? "" : `, ${formatNumber(last, 3)} min the run before`;
  return `${formatNumber(minutes, 3)} min of runners in ${jobs} ${jobs === 1 ? "job" : "jobs"}${cost}${before}`;
}

/** A run's cost, ready to read, and the hidden line that the next run reads. */
export interface ToldCost {
  text: string;
  memory: string;
}

/** What the run took, beside the one before it. Nothing when it cannot be known: it only informs. */
export async function costOf(
  action: Action,
  { pullRequest, otherRun }: ReportSubject,
  { minutePrice, now }: { minutePrice: string; now: Date },
): Promise<ToldCost | null> {
  try {
    const github = await action.github();
    const measured = await measureRun(github, otherRun ?? github.context.runId, now);
    if (measured === null || pullRequest === null) return null;
    const cost = withLastRun(measured, await findReportComment(github, pullRequest, modelsFolder(action.env)));
    return { text: describeRunCost(cost, minutePrice), memory: writeRunCost(cost) };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return null;
  }
}
