import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import type { Action } from "./action.ts";
import { beginCheckRun, endBegunCheck } from "./github/check-run.ts";
import { type GitHub, orForbidden } from "./github/client.ts";
import { upsertComment } from "./github/comment.ts";
import { type KnownPullRequest, listOpenPullRequests } from "./github/pull-request.ts";
import { isChecking, startCheck } from "./github/start-check.ts";
import {
  elsewhereOf,
  findReportComment,
  type RememberedCandidate,
  readCandidateMarker,
  reportMarker,
  saysJudging,
  withNotice,
} from "./report-comment.ts";
import { checkName } from "./report-names.ts";
import { modelsFolder } from "./repository-path.ts";

/** A model whose production moved since a pull request was judged. */
interface Moved {
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

/** A commit that was to be judged and was not. */
interface Unjudged {
  headSha: string;
  /** Open pull requests whose head it is. */
  pullRequests: readonly number[];
  /** Markdown on one line, without a full stop. */
  why: string;
  /** What to do, in Markdown. */
  mend: string;
  conclusion: "cancelled" | "failure";
  /** The run that was to judge it. */
  runUrl: string;
}

/**
 * Takes back what was announced of a commit that gets no verdict: its check ends red, since a neutral one would let the pull request
 * pass, and the comment says what happened and how to mend it. What has a verdict is left alone.
 */
export async function tellUnjudged(action: Action, unjudged: Unjudged): Promise<void> {
  const { headSha, pullRequests, why, mend, conclusion, runUrl } = unjudged;
  const github = await action.github();
  const short = headSha.slice(0, 7);
  const check = await endBegunCheck(github, {
    ...{ name: checkName(action.env), headSha, conclusion, detailsUrl: runUrl },
    title: conclusion === "cancelled" ? "not judged: cancelled" : "not judged: it failed",
    summary: `${headSha} was not judged: ${why}. ${mend}`,
  });
  const folder = modelsFolder(action.env);
  for (const pullRequest of pullRequests) {
    const comment = await findReportComment(github, pullRequest, folder);
    if (comment === null || !saysJudging(comment)) continue;
    const body = withNotice(comment, folder, {
      heading: `\`${short}\` was not judged`,
      text: `${why.replace(/^\[?[a-z]/, (start) => start.toUpperCase())}. ${mend}`,
      below: "What stands below is of an earlier commit or run.",
    });
    const sticky = { pullRequest, marker: reportMarker(folder), body: () => body, elsewhere: elsewhereOf(runUrl) };
    const told = await orForbidden(() => upsertComment(github, { ...sticky, onlyUpdate: true }));
    action.log.info(`#${pullRequest}: comment ${told}`);
  }
  action.log.info(`${short} was not judged; check ${check}`);
}
