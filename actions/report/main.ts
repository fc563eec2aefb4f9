import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changedBetween } from "../../pipelines/changed-models.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { Registry } from "../../pipelines/registry/registry.ts";
import { modelOf } from "../../pipelines/report/report-entry.ts";
import { scoredVersions } from "../../pipelines/report-history.ts";
import { fetchCommit } from "../../pipelines/workspace/workspace.ts";
import { type Action, runAction } from "../shared/action.ts";
import { artifactPrefix, planArtifact, readPlan } from "../shared/bundles.ts";
import { downloadArtifacts } from "../shared/github/artifact.ts";
import { downloadFromRun } from "../shared/github/other-run.ts";
import { judgeEntriesAfterTries, publishReport, rememberedBefore } from "../shared/publish-report.ts";
import { collectEntries } from "../shared/report-entries.ts";
import { reportSubjects, subjectOfPlan } from "../shared/report-subject.ts";
import { endAfterError, endJudging, endOvertaken, endUnknown } from "./end.ts";
import { beginReport, judgedAgain } from "./judged-again.ts";

async function report(action: Action): Promise<void> {
  const step = action.input("step");
  if (step === "look") return lookAtChange(action);
  if (step === "begin") return beginReport(action);
  if (step === "end") return endJudging(action);
  if (step !== "")
    throw new UserError({
      message: `input step is "${step.slice(0, 60)}"`,
      hint: "write look, begin or end, or leave it out",
    });
  const subjects = await reportSubjects(action);
  const [first] = subjects;
  if (first === undefined) {
    action.log.info("the pull request is closed or has newer commits: nothing is reported");
    return endOvertaken(action);
  }
  const folder = await mkdtemp(join(tmpdir(), "mergeml-report-"));
  try {
    const wanted = { prefix: artifactPrefix, folder };
    const artifacts =
      first.otherRun === undefined
        ? await downloadArtifacts(await action.context(), wanted)
        : await downloadFromRun(await action.github(), { ...wanted, runId: first.otherRun, log: action.log });
    const folders = new Map(artifacts.map((each) => [each.name, each.folder]));
    const subject = subjectOfPlan(subjects, await claimedPullRequest(folders));
    if (subject === null) {
      action.log.warn("which of the head's pull requests this run was for is not known: nothing is reported");
      return endUnknown(action, subjects);
    }
    const entries = await collectEntries(action, subject, folders);
    if (await judgedAgain(action, subject, entries)) return;
    const before = await rememberedBefore(action, subject);
    const { repository } = await action.workspace();
    const judged = await judgeEntriesAfterTries(action, entries, before);
    const { registry, clock } = await action.workspace();
    const histories = await historiesOf(registry, judged);
    const minutePrice = action.input("minute-price");
    const publishing = { before, comment: repository.comment, histories, minutePrice, now: clock.now() };
    await publishReport(action, subject, judged, publishing);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Models whose history is read: each takes a request to git for the records that are not here. */
const mostHistories = 50;

async function historiesOf(registry: Registry, entries: readonly ReportEntry[]) {
  const judged = entries.filter(({ state }) => state === "judged").slice(0, mostHistories);
  const snapshot = await registry.snapshot({ fetch: false });
  const names = judged.map(modelOf);
  return new Map(await Promise.all(names.map(async (name) => [name, await scoredVersions(snapshot, name)] as const)));
}

/** A plan that cannot be read claims nothing; the report says what is wrong with it. */
async function claimedPullRequest(folders: ReadonlyMap<string, string>): Promise<number | null> {
  const folder = folders.get(planArtifact);
  const plan = folder === undefined ? null : await readPlan(folder).catch(() => null);
  return plan?.pullRequest ?? null;
}

await runAction(report, { afterError: endAfterError });

/**
 * Reports at once on a change that no model can depend on, by the paths alone that differ between the base, which is checked out,
 * and the commit of the run. Any other change is for the plan to tell. Nothing of the commit runs or is read.
 */
async function lookAtChange(action: Action): Promise<void> {
  const [subject] = await reportSubjects(action);
  const { sha } = await action.context();
  const changed = subject?.mayPublish ? await changedIn(action, sha) : "all";
  const isNone = changed !== "all" && changed.size === 0;
  action.output("affected", isNone ? "none" : "maybe");
  if (!subject || !isNone) return action.log.info("models may be affected: the plan tells");
  const { repository, clock } = await action.workspace();
  const before = await rememberedBefore(action, subject);
  await publishReport(action, subject, [], { before, comment: repository.comment, now: clock.now() });
}

/** A commit that is not there any more is for the next run. */
async function changedIn(action: Action, commit: string): Promise<ReadonlySet<string> | "all"> {
  const workspace = await action.workspace();
  try {
    await fetchCommit(workspace, commit);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    action.log.warn(error.message);
    return "all";
  }
  return changedBetween(workspace, "HEAD", commit);
}
