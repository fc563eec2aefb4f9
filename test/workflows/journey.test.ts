import { expect, it } from "vitest";
import { commentsOf, merge, openPullRequest, production } from "./pull-request.ts";
import { makeTemplateRepository } from "./repository.ts";

const judge = ".github/workflows/model-pr.yml";
const deploy = ".github/workflows/model-deploy.yml";

it("goes from a pull request to its comment, a merge to a deploy, a revert to a rollback", async () => {
  await using repository = await makeTemplateRepository();
  const { github, git, run } = repository;
  repository.mergeml("init");
  repository.mergeml("run", "diamond-price");
  expect(production(repository)).toBe(1);

  // A better model: the check passes, and one comment says why.
  const params = "{ trees: 150, learning_rate: 0.15, max_leaves: 31 }";
  const better = await openPullRequest(repository, { number: 1, branch: "better", params });
  const judged = await run("pull_request", judge, better);
  expect(judged.code, judged.log).toBe(0);
  const [comment, ...others] = await commentsOf(repository, 1);
  expect(others).toEqual([]);
  expect(comment?.body).toMatch(/^<!-- mergeml:report -->\n<!-- mergeml:candidates \{"diamond-price"/);
  expect(comment?.body).toContain("## mergeml: diamond-price can ship");
  expect(github.added.checks).toMatchObject([{ name: "mergeml", conclusion: "success" }]);
  expect(judged.artifacts.map(({ name }) => name).sort()).toEqual([
    "mergeml-candidate-diamond-price",
    "mergeml-full-report",
    "mergeml-report-html",
    "mergeml-report-model-diamond-price",
    "mergeml-report-plan",
  ]);

  // Again: the notice that it is judged gives way to what was told before, but for how long it took.
  const again = await run("pull_request", judge, better);
  expect(again.code, again.log).toBe(0);
  expect(again.log).toContain("model-pr/judging");
  const retold = await commentsOf(repository, 1);
  expect(retold.map(({ id, body }) => [id, withoutTime(body)])).toEqual([[comment?.id, withoutTime(comment?.body)]]);

  // The merge trains the same bytes and deploys them.
  const merged = merge(repository, "better", 1);
  const deployed = await run("push", deploy, merged);
  expect(deployed.code, deployed.log).toBe(0);
  expect(deployed.log).toContain("reproduced, byte for byte the candidate of pull request #1");
  expect(production(repository)).toBe(2);
  expect(github.added.deployments).toHaveLength(1);
  expect(github.added.deployments[0]?.environment).toBe("production/diamond-price");
  expect(github.added.deployments[0]?.statuses.at(-1)?.state).toBe("success");
  expect(github.added.dispatches).toMatchObject([
    { event_type: "mergeml-deployed", client_payload: { model: "diamond-price", version: 2 } },
  ]);

  // The pull request is told, and the summary has the verdict.
  expect((await commentsOf(repository, 1))[0]?.body).toMatch(/\*\*diamond-price v2 is in production\*\* since .* UTC/);

  expect(git("ls-remote", "origin", "refs/heads/mergeml/runs")).not.toBe("");
  expect(JSON.parse(repository.mergeml("runs", "diamond-price", "--json")).runs.length).toBeGreaterThanOrEqual(2);

  // A revert by hand on the registry branch, whose own workflow records it.
  git("fetch", "-q", "origin", "registry");
  git("switch", "-q", "--detach", "FETCH_HEAD");
  const before = git("rev-parse", "HEAD").trim();
  git("revert", "--no-edit", "HEAD");
  git("push", "-q", "origin", "HEAD:registry");
  expect(production(repository)).toBe(1);
  const after = git("rev-parse", "HEAD").trim();
  const noticed = await run("push", ".github/workflows/registry.yml", { ref: "refs/heads/registry", before, after });
  expect(noticed.code, noticed.log).toBe(0);
  expect(github.added.deployments).toHaveLength(2);
  expect(github.added.deployments.at(-1)).toMatchObject({ payload: { version: 1 } });

  // What was rolled back is not deployed again by the next run, only by a person. Started by hand, it records what a run
  // that was lost did not get to tell.
  git("switch", "-q", "main");
  github.added.deployments.pop();
  const held = await run("workflow_dispatch", deploy, { ref: "refs/heads/main", inputs: { models: "" } });
  expect(held.code, held.log).toBe(0);
  expect(held.log).not.toContain("model-deploy/deploy");
  expect(production(repository)).toBe(1);
  expect(github.added.deployments.at(-1)).toMatchObject({ payload: { version: 1 } });
  repository.mergeml("promote", "diamond-price@2");
  expect(production(repository)).toBe(2);

  // The rollback workflow does what the revert by hand did, and records it at once.
  const inputs = { model: "diamond-price", to: "" };
  const rolledBack = await run("workflow_dispatch", ".github/workflows/rollback.yml", { inputs });
  expect(rolledBack.code, rolledBack.log).toBe(0);
  expect(production(repository)).toBe(1);
  expect(github.added.deployments.at(-1)).toMatchObject({ payload: { version: 1 } });
  expect(repository.mergeml("verify")).toContain("1 model, 2 versions");

  // A worse model is blocked, and the comment says so.
  const worse = await openPullRequest(repository, {
    number: 2,
    branch: "worse",
    params: "{ trees: 3, max_leaves: 4 }",
  });
  const blocked = await run("pull_request", judge, worse);
  expect(blocked.code).not.toBe(0);
  const [second] = await commentsOf(repository, 2);
  expect(second?.body).toContain("## mergeml: diamond-price is blocked");
  expect(github.added.checks.at(-1)).toMatchObject({ conclusion: "failure" });

  // A mistake in a config is told on its line, by the check and in the comment.
  const mistaken = await openPullRequest(repository, { number: 3, branch: "mistake", params: "{ tress: 100 }" });
  const wrong = await run("pull_request", judge, mistaken);
  expect(wrong.code).not.toBe(0);
  const line = lineOf(git("show", "mistake:models/diamond-price/model.yaml"), "params:");
  const annotations = `/repos/octo/models/check-runs/${github.added.checks.at(-1)?.id}/annotations`;
  const annotated = JSON.stringify(await github.ask("GET", annotations));
  expect(annotated).toContain('"path":"models/diamond-price/model.yaml"');
  expect(annotated).toContain(`"start_line":${line}`);
  const [told] = await commentsOf(repository, 3);
  expect(told?.body).toContain("did you mean trees?");
  expect(github.added.checks.at(-1)).toMatchObject({ conclusion: "failure" });

  // A pull request that touches no model says so in seconds, and comments nothing.
  const words = await openPullRequest(repository, { number: 4, branch: "words", files: { "NOTES.md": "Words.\n" } });
  const passed = await run("pull_request", judge, words);
  expect(passed.code, passed.log).toBe(0);
  expect(passed.log).toContain("No model is affected");
  expect(passed.log).not.toContain("model-pr/train");
  expect(await commentsOf(repository, 4)).toEqual([]);
  expect(github.added.checks.at(-1)).toMatchObject({ conclusion: "neutral" });
});

/** The number of the first line that begins so. */
function lineOf(text: string, start: string): number {
  return text.split("\n").findIndex((line) => line.startsWith(start)) + 1;
}

function withoutTime(body: string | undefined): string | undefined {
  return body?.replace(/trained in [\d.]+ s/, "");
}
