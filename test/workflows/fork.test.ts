import { expect, it } from "vitest";
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
