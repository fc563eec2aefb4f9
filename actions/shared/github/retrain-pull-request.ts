import { oneLine } from "../../../pipelines/errors/inert-markdown.ts";
import {
  type RetrainMemory,
  readRetrainMemory,
  writeRetrainMemory,
} from "../../../pipelines/watch/retrain/retrain-memory.ts";
import { createdOnce, type GitHub, isForbidden, statusOf } from "./client.ts";
import { cutMarkdown, upsertComment } from "./comment.ts";
import { ownLogin } from "./own-login.ts";
import { dispatchCheck } from "./start-check.ts";

/** GitHub takes so many characters of a title and of a body. */
const [titleLimit, bodyLimit] = [256, 65_536];

/** A retrain pull request that we opened. */
export interface RetrainPull {
  number: number;
  state: "open" | "closed" | "merged";
  title: string;
  body: string;
  memory: RetrainMemory;
}

/** Our newest pull request from a branch of this repository; null when there was none. */
export async function findRetrainPull(github: GitHub, model: string, branch: string): Promise<RetrainPull | null> {
  const { octokit, owner, repo } = github;
  const login = await ownLogin(github);
  const request = { owner, repo, head: `${owner}:${branch}`, state: "all" as const, per_page: 100 };
  let newest: RetrainPull | null = null;
  for await (const { data } of octokit.paginate.iterator(octokit.rest.pulls.list, request)) {
    for (const { number, state, merged_at, title, body, user } of data) {
      const memory = readRetrainMemory(body ?? "");
      if (memory?.model !== model || user?.login !== login || number <= (newest?.number ?? 0)) continue;
      const now = merged_at ? "merged" : state === "open" ? "open" : "closed";
      newest = { number, state: now, title, body: body ?? "", memory };
    }
  }
  return newest;
}

export interface RetrainProposal {
  model: string;
  branch: string;
  /** The default branch. */
  base: string;
  /** Head of `branch`. */
  commit: string;
  memory: RetrainMemory;
  title: string;
  /** Markdown without the hidden line. */
  body: string;
  /** The open one, which is brought up to date; null to open one. */
  pull: RetrainPull | null;
}

/** `forbidden`: the repository's settings or the token do not let a workflow open pull requests. */
export type ProposalOutcome =
  | { state: "opened" | "updated" | "unchanged"; pull: number; check: "asked for" | "known" | "forbidden" }
  | { state: "forbidden" };

/**
 * Opens or updates the pull request and asks for its check, which a workflow's own token does not start. What a run that died
 * left undone is done by the next: the check of a commit counts as asked for only once the pull request says so.
 */
export async function proposeRetrain(github: GitHub, proposal: RetrainProposal): Promise<ProposalOutcome> {
  const { pull, memory, commit } = proposal;
  const checked = memory.checked === commit;
  const text = textOf(proposal, checked ? commit : null);
  let number: number;
  try {
    number = pull?.number ?? (await open(github, proposal, text));
  } catch (error) {
    if (isForbidden(error)) return { state: "forbidden" };
    throw error;
  }
  const isSame = pull !== null && pull.title === text.title && plain(pull.body) === plain(text.body);
  if (pull && !isSame) await edit(github, number, text);
  const state = pull === null ? "opened" : isSame ? "unchanged" : "updated";
  if (checked) return { state, pull: number, check: "known" };
  if (!(await dispatchCheck(github, proposal.branch, number))) return { state, pull: number, check: "forbidden" };
  await edit(github, number, textOf(proposal, commit));
  return { state, pull: number, check: "asked for" };
}

/** Says why and closes; the memory in its body keeps the close from being taken for a person's. */
export async function closeRetrain(
  github: GitHub,
  pull: RetrainPull,
  memory: RetrainMemory,
  why: string,
): Promise<void> {
  const sticky = {
    pullRequest: pull.number,
    marker: "<!-- mergeml:retrain obsolete -->",
    body: () => why,
    elsewhere: "",
  };
  await upsertComment(github, sticky);
  const body = `${writeRetrainMemory(memory)}\n${pull.body.replace(/^.*\r?\n?/, "")}`;
  await edit(github, pull.number, { body, state: "closed" });
}

async function open(github: GitHub, proposal: RetrainProposal, text: { title: string; body: string }): Promise<number> {
  const { octokit, owner, repo } = github;
  const { model, branch, base } = proposal;
  const existing = async () => {
    const found = await findRetrainPull(github, model, branch);
    return found?.state === "open" ? found.number : null;
  };
  const number = await createdOnce(github, {
    create: async () => {
      try {
        return (await octokit.rest.pulls.create({ owner, repo, head: branch, base, ...text })).data.number;
      } catch (error) {
        // A run beside this one was first.
        const first = statusOf(error) === 422 ? await existing() : null;
        if (first === null) throw error;
        return first;
      }
    },
    find: existing,
  });
  await octokit.rest.issues.addLabels({ owner, repo, issue_number: number, labels: ["mergeml", "retrain", model] });
  return number;
}

interface Edit {
  title?: string;
  body: string;
  state?: "closed";
}

async function edit({ octokit, owner, repo }: GitHub, pull: number, change: Edit): Promise<void> {
  await octokit.rest.pulls.update({ owner, repo, pull_number: pull, ...change });
}

function textOf({ memory, title, body }: RetrainProposal, checked: string | null): { title: string; body: string } {
  const line = writeRetrainMemory({ ...memory, checked });
  const note = "**Cut here, because a pull request's text has a limit.**";
  return {
    title: oneLine(title, titleLimit),
    body: `${line}\n${cutMarkdown(body, bodyLimit - line.length - 1, note)}`,
  };
}

/** GitHub may return other line ends than it was given. */
function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").trim();
}
