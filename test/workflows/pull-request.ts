import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestRepository } from "./repository.ts";

/** A change that somebody proposes. */
interface Proposal {
  number: number;
  branch: string;
  /** diamond-price when not given. */
  model?: string;
  /** The new value of the model's `params`, in YAML. */
  params?: string;
  /** Files to write, by path. */
  files?: Record<string, string>;
  /** The repository of the branch; ours when not given. */
  from?: string;
}

/**
 * Opens a pull request as GitHub has it: the branch, the test merge that its workflows run on, which is left checked out,
 * and the pull request in the API. Returns the event.
 */
export async function openPullRequest(repository: TestRepository, proposal: Proposal) {
  const { git, github } = repository;
  const { number, branch, model = "diamond-price", params, files = {}, from = "octo/models" } = proposal;
  git("switch", "-q", "main");
  git("switch", "-qc", branch);
  const modelFile = `models/${model}/model.yaml`;
  const text = readFileSync(join(repository.root, modelFile), "utf8");
  if (params) repository.write(modelFile, text.replace(/^params:.*$/m, `params: ${params}`));
  for (const [path, content] of Object.entries(files)) repository.write(path, content);
  git("add", "models", ...Object.keys(files));
  git("commit", "-qm", `Change ${branch}`);
  const [head, base] = [git("rev-parse", "HEAD").trim(), git("rev-parse", "main").trim()];
  git("switch", "-q", "--detach", "main");
  git("merge", "-q", "--no-ff", "-m", `Merge ${head} into ${base}`, branch);
  git("push", "-q", "origin", `${branch}:refs/pull/${number}/head`, `HEAD:refs/pull/${number}/merge`);
  if (from === "octo/models") git("push", "-q", "origin", branch);
  const announced = await announce(repository, branch);
  if (announced !== number) throw new Error(`the next number in the API is ${announced}, not ${number}`);
  github.added.heads.set(number, { sha: head, repository: from });
  return {
    pull_request: {
      number,
      head: { sha: head, ref: branch, repo: { full_name: from } },
      base: { sha: base, ref: "main" },
    },
  };
}

/** The pull request in the API, and its number; its commits there are other ones, which nobody asks for. */
async function announce({ github }: TestRepository, branch: string): Promise<number> {
  const { object } = await github.ask<{ object: { sha: string } }>("GET", "/repos/octo/models/git/ref/heads/main");
  await github.ask("POST", "/repos/octo/models/git/refs", { ref: `refs/heads/${branch}`, sha: object.sha });
  const content = Buffer.from(branch).toString("base64");
  await github.ask("PUT", `/repos/octo/models/contents/${branch}.txt`, { message: branch, content, branch });
  const pull = { title: branch, head: branch, base: "main" };
  return (await github.ask<{ number: number }>("POST", "/repos/octo/models/pulls", pull)).number;
}

/** Merges a branch into main, as the button does. Returns the event of the push. */
export function merge({ git, github }: TestRepository, branch: string, number: number) {
  git("switch", "-q", "main");
  git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, branch);
  git("push", "-q", "origin", "main");
  const sha = git("rev-parse", "HEAD").trim();
  const merged = [{ number, merged_at: "2026-01-01T00:00:00Z", merge_commit_sha: sha }];
  for (const brought of git("rev-list", "HEAD^1..HEAD").trim().split("\n"))
    github.added.pullsOfCommit.set(brought, merged);
  return { ref: "refs/heads/main", after: sha };
}

export interface Comment {
  id: number;
  body: string;
  user: { login: string };
}

export function commentsOf({ github }: TestRepository, number: number): Promise<Comment[]> {
  return github.ask<Comment[]>("GET", `/repos/octo/models/issues/${number}/comments`);
}

/** The version of a model in production; null when there is none. */
export function production({ git }: TestRepository, model = "diamond-price"): number | null {
  git("fetch", "-q", "origin", "registry");
  const pointer = `models/${model}/production.json`;
  if (git("ls-tree", "--name-only", "FETCH_HEAD", pointer).trim() === "") return null;
  return JSON.parse(git("show", `FETCH_HEAD:${pointer}`)).version;
}
