import type { Window } from "../../config/model-config.ts";
import { UserError } from "../../errors/expected-error.ts";
import { explainBranchInTheWay } from "../../registry/branch.ts";
import { GitError } from "../../registry/git/failure.ts";
import type { Git } from "../../registry/git/git.ts";
import { type CommitContext, hasCommit, makeCommits, readObject } from "../../registry/git/objects.ts";
import type { RetrainTrial } from "../drift/model-drift.ts";
import type { RetrainMemory } from "./retrain-memory.ts";
import { trialWords } from "./trial-words.ts";

const prefix = "refs/heads/mergeml/retrain/";
const trailer = "Model-Config";

/** The branch that a model's retrain pull request comes from. */
export function retrainBranch(model: string): string {
  return `${prefix}${model}`.slice("refs/heads/".length);
}

/** A branch on the remote, its last commit and that commit's parent fetched. */
interface FoundBranch {
  commit: string;
  /** Not the one commit that mergeml wrote, or not as it wrote it. */
  edited: boolean;
  /** The commit it was made on; null when `edited`. */
  base: string | null;
}

/** Retrain branches of the remote with their commits, by model. */
export async function listRetrainBranches(git: Git, remote: string): Promise<Map<string, string>> {
  const lines = (await git.text(["ls-remote", remote, `${prefix}*`])).split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => [line.slice(line.indexOf("\t") + 1 + prefix.length), line.split("\t", 1)[0] ?? ""]),
  );
}

/** The remote's default branch, with its commit fetched. Throws UserError when it has none. */
export async function fetchDefaultBranch(git: Git, remote: string): Promise<{ branch: string; tip: string }> {
  const text = await git.text(["ls-remote", "--symref", remote, "HEAD"]);
  const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(text)?.[1];
  const tip = /^([0-9a-f]{40,64})\tHEAD$/m.exec(text)?.[1];
  if (!branch || !tip) {
    const message = `${remote} has no default branch`;
    throw new UserError({ message, hint: "set one in the repository's settings; a retrain is made on it" });
  }
  await fetchCommit(git, remote, `refs/heads/${branch}`, tip);
  return { branch, tip };
}

/** What is on a retrain branch, and whether it is still as we wrote it. */
export async function readRetrainBranch(
  git: Git,
  { remote, model, commit }: { remote: string; model: string; commit: string },
): Promise<FoundBranch> {
  await fetchCommit(git, remote, `${prefix}${model}`, commit);
  const text = (await readObject(git, commit)).toString("utf8");
  const parents = [...text.split("\n\n", 1)[0]!.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent]) => parent ?? "");
  const [base] = parents;
  const isOurs = parents.length === 1 && base && (await isAsWritten(git, model, { commit, base, text }));
  return isOurs ? { commit, edited: false, base } : { commit, edited: true, base: null };
}

/** A model's folder in a commit: the id of its tree, which differs when anything in it does. null when it is not there. */
export async function modelTree(git: Git, commit: string, model: string): Promise<string | null> {
  return (
    (await git.text(["rev-parse", "--quiet", "--verify", `${commit}:models/${model}`], { allow: [1, 128] })) || null
  );
}

interface RetrainCommit {
  remote: string;
  model: string;
  /** The commit it is made on. */
  base: string;
  /** The whole new model.yaml. */
  modelYaml: string;
  subject: string;
  body: string;
  time: Date;
  /** What the remote's branch must still be; null when it must not exist. */
  expected: string | null;
}

/**
 * Writes the one commit of a retrain branch, with plumbing: no work tree is touched, and only model.yaml differs from
 * `base`. Returns its id, or null when somebody else moved the branch meanwhile, and then nothing was written.
 */
export async function writeRetrainBranch(git: Git, plan: RetrainCommit): Promise<string | null> {
  const { remote, model, base, modelYaml, subject, body, time, expected } = plan;
  const blob = await git.text(["hash-object", "-w", "--stdin"], { input: modelYaml });
  const message = `${subject}\n\n${body}\n\nModel: ${model}\n${trailer}: ${blob}\n`;
  const { committer, sign } = await git.identity();
  const context: CommitContext = { identity: { author: committer, committer, name: "", sign }, time };
  const change = { path: `models/${model}/model.yaml`, content: { oid: blob } };
  const [commit = ""] = await makeCommits(git, base, [{ message, changes: [change] }], context);
  return (await push(git, remote, `${prefix}${model}`, commit, expected)) ? commit : null;
}

/** Deletes a retrain branch, if it is still at `expected`. */
export async function deleteRetrainBranch(git: Git, remote: string, model: string, expected: string): Promise<boolean> {
  return push(git, remote, `${prefix}${model}`, "", expected);
}

async function push(git: Git, remote: string, ref: string, commit: string, expected: string | null): Promise<boolean> {
  const lease = `--force-with-lease=${ref}:${expected ?? ""}`;
  const args = ["push", "--porcelain", "--no-verify", "--no-recurse-submodules", lease, remote, `${commit}:${ref}`];
  try {
    await git.run(args, { reasonOnStdout: true, safe: "The branch is as it was; running the job again is safe." });
    return true;
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (error.kind === "raced") return false;
    const name = ref.slice("refs/heads/".length);
    throw expected === null ? await explainBranchInTheWay(git, error, { name, remote }) : error;
  }
}

/** Of a shallow clone only what is needed: the commit and its parent. */
async function fetchCommit(git: Git, remote: string, ref: string, commit: string): Promise<void> {
  if (await hasCommit(git, commit)) return;
  const isShallow = (await git.text(["rev-parse", "--is-shallow-repository"])) === "true";
  const depth = isShallow ? ["--depth=2"] : [];
  await git.run(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", ...depth, remote, ref]);
}

interface WrittenCommit {
  commit: string;
  base: string;
  text: string;
}

/** Author and committer are who commits here (in a workflow: the bot, whoever started it), only model.yaml changed, and its content is what the message names. */
async function isAsWritten(git: Git, model: string, { commit, base, text }: WrittenCommit): Promise<boolean> {
  const path = `models/${model}/model.yaml`;
  const people = [...text.split("\n\n", 1)[0]!.matchAll(/^(?:author|committer) (.*) \d+ [+-]\d{4}$/gm)];
  const { committer } = await git.identity();
  if (people.length !== 2 || people.some(([, who]) => who !== committer)) return false;
  const blob = await git.text(["rev-parse", "--quiet", "--verify", `${commit}:${path}`], { allow: [1, 128] });
  if (blob === "" || !text.endsWith(`\n${trailer}: ${blob}\n`)) return false;
  const changed = await git.text(["diff-tree", "-r", "--name-only", "--no-renames", base, commit], { allow: [128] });
  return changed === path;
}

/** What a retrain pull request says, in its commit and on GitHub. */
export interface RetrainText {
  title: string;
  /** Markdown of the pull request, without the hidden line. */
  body: string;
  /** Plain text of the commit. */
  message: string;
}

/** The text of a retrain from what it answers; `report` is the drift's, null for a retrain by schedule. */
export function retrainText(
  { model, reason, version, window }: RetrainMemory,
  {
    before,
    schedule,
    report,
    owner,
    trial = null,
  }: {
    before: Window;
    schedule: string;
    report: { title: string; body: string } | null;
    owner: string | null;
    /** What a trial of it gave; null where none was made. */
    trial?: RetrainTrial | null;
  },
): RetrainText {
  const title = `Retrain ${model} on data up to ${window.end}`;
  const why =
    reason === "drift" ? (report?.title ?? `${model} is drifting`) : `A retrain is due: it is planned ${schedule}`;
  const moved = `\`features.window\` moves from ${told(before)} to ${told(window)} (the end is exclusive). Nothing else changes.`;
  const gain = trial && reason === "drift" ? [`Expected, by a trial: ${trialWords(trial)}.`] : [];
  const check = `The comparison with v${version}, on test rows of the new window, follows as a comment, and the check \`mergeml\` says whether it may be merged.`;
  const choices = [
    "1. **Merge it** to deploy the retrained model.",
    "2. **Commit to this branch** to change more; mergeml then leaves it to you.",
    `3. **Close it** to decline. ${reason === "drift" ? "It comes back when the drift has grown by half, or for another version." : "It comes back when the next retrain is due."}`,
  ];
  const evidence =
    report && reason === "drift"
      ? [`<details><summary>The drift</summary>\n\n${report.body.trim()}\n\n</details>`]
      : [];
  const asked = owner === null ? [] : [`<sub>Owner: ${owner}</sub>`];
  const body = [`**${why}.**`, moved, ...gain, check, choices.join("\n"), ...evidence, ...asked].join("\n\n");
  return { title, body, message: `Move features.window from ${told(before)} to ${told(window)}.` };
}

function told({ start, end }: Window): string {
  return `${start} … ${end}`;
}
