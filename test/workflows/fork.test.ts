import { expect, it } from "vitest";
import { beginCheckRun } from "../../actions/shared/github/check-run.ts";
import { openGitHub } from "../../actions/shared/github/client.ts";
import { readContext } from "../../actions/shared/github/context.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { zipArchive } from "../github/zip-archive.ts";
import { commentsOf, openPullRequest } from "./pull-request.ts";
import { makeTemplateRepository } from "./repository.ts";

const params = "{ trees: 150, learning_rate: 0.15, max_leaves: 31 }";

it("judges a fork's pull request with a token that may only read, and reports it from a workflow that runs none of its code", async () => {
  await using repository = await makeTemplateRepository();
  const { github, git, run } = repository;
  repository.mergeml("init");
  repository.mergeml("run", "diamond-price");

  const event = await openPullRequest(repository, { number: 1, branch: "theirs", params, from: "mallory/models" });
  const earlier = github.requests.length;
  const judged = await run("pull_request", ".github/workflows/model-pr.yml", event, { token: github.readOnlyToken });
  expect(judged.code, judged.log).toBe(0);
  expect(judged.log).toContain("as of every fork's and of Dependabot: model-report posts the report");
  expect(await commentsOf(repository, 1)).toEqual([]);
  // The one question that is no GET asks whose the token is.
  const others = github.requests.slice(earlier).filter(({ method }) => method !== "GET");
  expect(others.filter(({ path }) => path !== "/graphql")).toEqual([]);

  // What GitHub keeps of that run; act numbers every run 1.
  const { head } = event.pull_request;
  const workflow_run = {
    id: 1,
    head_sha: head.sha,
    head_repository: { full_name: "mallory/models" },
    event: "pull_request",
  };
  const report = () => run("workflow_run", ".github/workflows/model-report.yml", { workflow_run });
  const keep = (uploads: { name: string; zip: Buffer }[]) => {
    github.added.artifacts = uploads.map((each) => ({ run: 1, ...each }));
  };
  git("switch", "-q", "main");
  keep(judged.artifacts);
  const reported = await report();
  expect(reported.code, reported.log).toBe(0);
  const [comment, ...more] = await commentsOf(repository, 1);
  expect(more).toEqual([]);
  expect(comment?.body).toContain("## mergeml: diamond-price can ship");
  expect(github.added.checks).toMatchObject([{ name: "mergeml", head_sha: head.sha, conclusion: "success" }]);

  // Its artifacts replaced by hostile ones: the comment tells of it, and nothing of them is believed.
  const plan = judged.artifacts.find(({ name }) => name === "mergeml-report-plan")!;
  const link = { name: "candidate.json", content: "/etc/passwd", mode: 0o120777 };
  keep([plan, { name: "mergeml-report-model-diamond-price", zip: zipArchive([link]) }]);
  const refused = await report();
  expect(refused.code).not.toBe(0);
  expect(refused.log).toContain("candidate.json is not a plain file");
  const [second] = await commentsOf(repository, 1);
  expect(second?.id).toBe(comment?.id);
  expect(second?.body).toContain("the training job gave no result");
  expect(github.added.checks.at(-1)).toMatchObject({ conclusion: "failure" });

  // A pull request that has moved on since is left alone.
  github.added.heads.set(1, { sha: "0".repeat(40), repository: "mallory/models" });
  const late = await report();
  expect(late.code, late.log).toBe(0);
  expect(late.log).toContain("nothing is reported");
  expect(await commentsOf(repository, 1)).toEqual([second]);
});

it("ends the check of a run that was cancelled, and nothing after one that a fork or a verdict ended", async () => {
  await using repository = await makeTemplateRepository();
  const { github, run } = repository;
  const event = await openPullRequest(repository, { number: 1, branch: "ours", params });
  const headSha = event.pull_request.head.sha;
  const server = { GITHUB_SERVER_URL: "http://github.localhost:9", GITHUB_REPOSITORY: "octo/models" };
  const context = await readContext({ ...server, GITHUB_API_URL: github.url, GITHUB_RUN_ID: "1" });
  const client = await openGitHub({ context, token: github.token, log: silentLog, paced: false });
  const title = `judging ${headSha.slice(0, 7)} …`;
  await beginCheckRun(client, { name: "mergeml", headSha, title, summary: title, detailsUrl: context.runUrl });
  const after = (change: object) =>
    run("workflow_run", ".github/workflows/model-report.yml", {
      workflow_run: {
        ...{ id: 1, head_sha: headSha, head_repository: { full_name: "octo/models" }, event: "pull_request" },
        ...{ actor: { login: "ada" }, conclusion: "cancelled", ...change },
      },
    });
  const earlier = github.requests.length;
  for (const change of [
    { conclusion: "success" },
    { event: "push" },
    { actor: { login: "dependabot[bot]" }, event: "push" },
  ]) {
    const left = await after(change);
    expect(left.code, left.log).toBe(0);
  }
  expect(github.requests.length).toBe(earlier);
  const ended = await after({});
  expect(ended.code, ended.log).toBe(0);
  expect(github.added.checks).toMatchObject([{ status: "completed", conclusion: "cancelled", head_sha: headSha }]);
});
