import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeTemplateRepository, type TemplateRepository } from "./repository.ts";

interface Comment {
  id: number;
  body: string;
  user: { login: string };
}

const modelFile = "models/diamond-price/model.yaml";

/** Commits a change of the model's params on a branch; returns the event of a pull request for it. */
function openPullRequest(repository: TemplateRepository, number: number, branch: string, params: string) {
  const { git } = repository;
  git("switch", "-qc", branch);
  const text = readFileSync(join(repository.root, modelFile), "utf8");
  repository.write(modelFile, text.replace(/^params:.*$/m, `params: ${params}`));
  git("commit", "-qam", "Change the params");
  git("push", "-q", "origin", branch);
  const [head, base] = [git("rev-parse", "HEAD").trim(), git("rev-parse", "main").trim()];
  return {
    pull_request: {
      number,
      head: { sha: head, ref: branch, repo: { full_name: "octo/models" } },
      base: { sha: base, ref: "main" },
    },
  };
}

function merge(repository: TemplateRepository, branch: string): { sha: string; payload: object } {
  const { git } = repository;
  git("switch", "-q", "main");
  git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, branch);
  git("push", "-q", "origin", "main");
  const sha = git("rev-parse", "HEAD").trim();
  return { sha, payload: { ref: "refs/heads/main", after: sha } };
}

function production(repository: TemplateRepository): number | null {
  repository.git("fetch", "-q", "origin", "registry");
  const shown = repository.git("ls-tree", "--name-only", "FETCH_HEAD", "models/diamond-price/production.json");
  if (shown.trim() === "") return null;
  return JSON.parse(repository.git("show", "FETCH_HEAD:models/diamond-price/production.json")).version;
}

async function pullRequestOnGitHub({ github }: TemplateRepository, branch: string): Promise<void> {
  const { object } = await github.ask<{ object: { sha: string } }>("GET", "/repos/octo/models/git/ref/heads/main");
  await github.ask("POST", "/repos/octo/models/git/refs", { ref: `refs/heads/${branch}`, sha: object.sha });
  const content = Buffer.from(branch).toString("base64");
  await github.ask("PUT", `/repos/octo/models/contents/${branch}.txt`, { message: branch, content, branch });
  await github.ask("POST", "/repos/octo/models/pulls", { title: branch, head: branch, base: "main" });
}

it("goes from a pull request to its comment, a merge to a deploy, a revert to a rollback", async () => {
  await using repository = await makeTemplateRepository();
  const { github, git, run } = repository;
  repository.mergeml("init");
  repository.mergeml("run", "diamond-price");
  expect(production(repository)).toBe(1);

  // A better model: the check passes, and one comment says why.
  await pullRequestOnGitHub(repository, "better");
  const better = openPullRequest(repository, 1, "better", "{ trees: 150, learning_rate: 0.15, max_leaves: 31 }");
  const judged = await run("pull_request", ".github/workflows/model-pr.yml", better);
  expect(judged.code, judged.log).toBe(0);
  const comments = () => github.ask<Comment[]>("GET", "/repos/octo/models/issues/1/comments");
  const [comment, ...others] = await comments();
  expect(others).toEqual([]);
  expect(comment?.body).toMatch(/^<!-- mergeml:report -->\n<!-- mergeml:candidates \{"diamond-price"/);
  expect(comment?.body).toContain("## mergeml: diamond-price can ship");
  expect(github.added.checks).toMatchObject([{ name: "mergeml", conclusion: "success" }]);

  // Again: nothing changed, so nothing is written.
  const again = await run("pull_request", ".github/workflows/model-pr.yml", better);
  expect(again.code, again.log).toBe(0);
  expect(again.log).toContain("comment unchanged");
  expect(await comments()).toHaveLength(1);

  // The merge trains the same bytes and deploys them.
  const { sha, payload } = merge(repository, "better");
  github.added.pullsOfCommit.set(sha, [{ number: 1, merged_at: "2026-01-01T00:00:00Z", merge_commit_sha: sha }]);
  const deployed = await run("push", ".github/workflows/model-deploy.yml", payload);
  expect(deployed.code, deployed.log).toBe(0);
  expect(deployed.log).toContain("reproduced, byte for byte the candidate of pull request #1");
  expect(production(repository)).toBe(2);
  expect(github.added.deployments).toMatchObject([
    { environment: "production/diamond-price", statuses: [{ state: "success" }] },
  ]);
  expect(github.added.dispatches).toMatchObject([
    { event_type: "mergeml-deployed", client_payload: { model: "diamond-price", version: 2 } },
  ]);

  // A revert by hand on the registry branch, whose own workflow records it.
  const before = git("rev-parse", "FETCH_HEAD").trim();
  git("switch", "-q", "--detach", "FETCH_HEAD");
  git("revert", "--no-edit", "HEAD");
  git("push", "-q", "origin", "HEAD:registry");
  expect(production(repository)).toBe(1);
  const noticed = await run("push", ".github/workflows/registry.yml", {
    ref: "refs/heads/registry",
    before,
    after: git("rev-parse", "HEAD").trim(),
  });
  expect(noticed.code, noticed.log).toBe(0);
  expect(github.added.deployments).toHaveLength(2);
  expect(github.added.deployments.at(-1)).toMatchObject({ payload: { version: 1 } });

  // What was rolled back is not deployed again by the next run.
  git("switch", "-q", "main");
  const held = await run("push", ".github/workflows/model-deploy.yml", payload);
  expect(held.code, held.log).toBe(0);
  expect(production(repository)).toBe(1);

  // A worse model is blocked, and the comment says so.
  await pullRequestOnGitHub(repository, "worse");
  const worse = openPullRequest(repository, 2, "worse", "{ trees: 3, max_leaves: 4 }");
  const blocked = await run("pull_request", ".github/workflows/model-pr.yml", worse);
  expect(blocked.code).not.toBe(0);
  const [second] = await github.ask<Comment[]>("GET", "/repos/octo/models/issues/2/comments");
  expect(second?.body).toContain("## mergeml: diamond-price is blocked");
  expect(github.added.checks.at(-1)).toMatchObject({ conclusion: "failure" });
});
