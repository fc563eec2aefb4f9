import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import type { Action } from "./action.ts";
import { type RememberedCandidate, readCandidateMarker } from "./candidate-marker.ts";
import { beginCheckRun } from "./github/check-run.ts";
import type { GitHub } from "./github/client.ts";
import { upsertComment } from "./github/comment.ts";
import { orForbidden } from "./github/failure.ts";
import { type KnownPullRequest, listOpenPullRequests } from "./github/pull-request.ts";
import { isChecking, startCheck } from "./github/start-check.ts";
import { elsewhereOf, findReportComment, reportMarker } from "./report-comment.ts";
import { checkName } from "./report-names.ts";
import { withNotice } from "./report-notice.ts";
import { modelsFolder } from "./repository-path.ts";
import { tellUnjudged } from "./tell-unjudged.ts";

/** A model whose production moved since a pull request was judged. */
export interface Moved {
  model: string;
  from: number | null;
  to: number | null;
}

/**
 * Open pull requests whose verdict was made against what is in production no more: their comment and check say so, and their
 * check is started. Returns their numbers. The newest hundred are looked at; the others are judged anew as they are pushed to.
 */
export async function judgeOpenAgain(action: Action, snapshot: Snapshot, models: readonly string[]): Promise<number[]> {
  if (models.length === 0) return [];
  const github = await action.github();
  const now = new Map<string, number | null>();
  for (const model of models) now.set(model, (await snapshot.production(model))?.version ?? null);
  const folder = modelsFolder(action.env);
  const again: number[] = [];
  for (const pull of await listOpenPullRequests(github)) {
    const comment = await findReportComment(github, pull.number, folder);
    const [first, ...others] = comment === null ? [] : movedSince(readCandidateMarker(comment), now);
    if (first === undefined) continue;
    // Said already; but the run that said it, or the one that it started, may have died.
    const isSaid = comment?.includes(`## mergeml: ${titleOf(first)}\n`) === true;
    if (isSaid && (await isChecking(github, pull.headSha))) continue;
    const told = await askForVerdict(action, github, pull, { comment, moved: [first, ...others] });
    if (told === "started") again.push(pull.number);
    else if (told === "not started") await tellNotStarted(action, pull, first);
  }
  return again;
}

function movedSince(
  remembered: ReadonlyMap<string, RememberedCandidate>,
  now: ReadonlyMap<string, number | null>,
): Moved[] {
  return [...now].flatMap(([model, to]) => {
    const from = remembered.get(model)?.against;
    return from === undefined || from === to ? [] : [{ model, from, to }];
  });
}

function titleOf({ to }: Moved): string {
  return `judging again: production moved to ${to === null ? "nothing" : `v${to}`}`;
}

async function tellNotStarted(action: Action, pull: KnownPullRequest, { model }: Moved): Promise<void> {
  const { runUrl } = await action.context();
  await tellUnjudged(action, {
    ...{ headSha: pull.headSha, pullRequests: [pull.number], runUrl, conclusion: "failure" },
    why: `production of ${model} moved, and the check could not be started again`,
    mend:
      pull.branch === null ? "Push to its branch." : "Push to its branch, or start *model-pr* for it under Actions.",
  });
}

/** Says that a pull request is judged again, and starts that. The comment is written first: a run that dies says it again. */
export async function askForVerdict(
  action: Action,
  github: GitHub,
  pull: KnownPullRequest,
  { comment, moved }: { comment: string | null; moved: readonly [Moved, ...Moved[]] },
): Promise<"started" | "not started" | "forbidden"> {
  const { env } = action;
  const { runUrl } = await action.context();
  const folder = modelsFolder(env);
  const [{ model, from }] = moved;
  const others = moved.length > 1 ? `, and that of ${moved.length - 1} more` : "";
  const title = titleOf(moved[0]);
  const against = from === null ? "when nothing was in production" : `against v${from}`;
  const text = withNotice(comment, folder, {
    heading: title,
    below: `What stands below was judged ${against} of ${model}${others}. The check waits for the new verdict.`,
  });
  const sticky = {
    pullRequest: pull.number,
    marker: reportMarker(folder),
    body: () => text,
    elsewhere: elsewhereOf(runUrl),
  };
  return orForbidden(async () => {
    await upsertComment(github, { ...sticky, onlyUpdate: true });
    const summary = `What was judged ${against} is judged again, because production of ${model} moved.`;
    await beginCheckRun(github, { name: checkName(env), headSha: pull.headSha, title, summary, detailsUrl: runUrl });
    if (await startCheck(github, pull)) return "started";
    action.log.warn(`the check of #${pull.number} could not be started: run it again, or push to its branch`);
    return "not started";
  });
}
