import { expect, it } from "vitest";
import {
  openPullRequestsOfHead,
  pullRequestOfCommit,
  readPullRequest,
} from "../../../actions/shared/github/pull-request.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./faulty-github.ts";

const repository = "/repos/octo/models";
const [head, merged] = ["d".repeat(40), "e".repeat(40)];

async function startWithPullRequest(): Promise<FaultyGitHub> {
  const faulty = await startFaultyGitHub();
  const { ask, added } = faulty.server;
  const { object } = await ask<{ object: { sha: string } }>("GET", `${repository}/git/ref/heads/main`);
  await ask("POST", `${repository}/git/refs`, { ref: "refs/heads/better", sha: object.sha });
  const content = Buffer.from("better").toString("base64");
  await ask("PUT", `${repository}/contents/better.txt`, { message: "Better", content, branch: "better" });
  await ask("POST", `${repository}/pulls`, { title: "A better model", head: "better", base: "main" });
  added.heads.set(1, { sha: head, repository: "eve/models" });
  return faulty;
}

it("reads a pull request's head", async () => {
  await using faulty = await startWithPullRequest();
  expect(await readPullRequest(faulty.github, 1)).toEqual({ number: 1, headSha: head, baseRef: "main", branch: null });
});

it("says which pull request is not there", async () => {
  await using faulty = await startWithPullRequest();
  await expect(readPullRequest(faulty.github, 99)).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringMatching(/^pull request 99 of octo\/models cannot be read: Not Found/),
    problems: [{ hint: "check its number, and that the job has pull-requests: read" }],
  });
});

it("finds the open pull requests of a commit and repository, not of another repository with the same commit", async () => {
  await using faulty = await startWithPullRequest();
  const { ask, added } = faulty.server;
  const ours = { number: 1, headSha: head, baseRef: "main", branch: null };
  expect(await openPullRequestsOfHead(faulty.github, head, "eve/models")).toEqual([ours]);
  expect(await openPullRequestsOfHead(faulty.github, head, "mallory/models")).toEqual([]);
  const { object } = await ask<{ object: { sha: string } }>("GET", `${repository}/git/ref/heads/main`);
  await ask("POST", `${repository}/git/refs`, { ref: "refs/heads/release", sha: object.sha });
  await ask("POST", `${repository}/pulls`, { title: "The same for the release", head: "better", base: "release" });
  added.heads.set(2, { sha: head, repository: "eve/models" });
  const found = await openPullRequestsOfHead(faulty.github, head, "eve/models");
  expect(found).toHaveLength(2);
  expect(found).toEqual(expect.arrayContaining([ours, { number: 2, headSha: head, baseRef: "release", branch: null }]));
});

it("finds the pull request that brought a commit, which is the merged one", async () => {
  await using faulty = await startWithPullRequest();
  expect(await pullRequestOfCommit(faulty.github, merged)).toBeNull();
  const brought = { number: 1, merged_at: "2026-01-01T00:00:00Z", merge_commit_sha: merged };
  faulty.server.added.pullsOfCommit.set(merged, [{ ...brought, merged_at: null }, brought]);
  expect(await pullRequestOfCommit(faulty.github, merged)).toBe(1);
  faulty.server.added.pullsOfCommit.set(merged, [{ ...brought, merged_at: null }]);
  expect(await pullRequestOfCommit(faulty.github, merged)).toBeNull();
});
