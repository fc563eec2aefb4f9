import { expect, it } from "vitest";
import { delaysCsv, delaysSql, delaysYaml } from "../watch/retrain/delays.ts";
import { commentsOf, merge, production } from "./pull-request.ts";
import { makeTemplateRepository, type TestRepository } from "./repository.ts";

const watch = ".github/workflows/drift.yml";
const branch = "mergeml/retrain/delays";

interface Issue {
  number: number;
  state: string;
  title: string;
  body: string;
}

/** The template with one small model, which is in production. */
async function watchedRepository(): Promise<TestRepository> {
  const repository = await makeTemplateRepository();
  const { git } = repository;
  git("rm", "-rq", "models/diamond-price");
  repository.write("models/delays/model.yaml", delaysYaml);
  repository.write("models/delays/features.sql", delaysSql);
  repository.write("data/delays.csv", delaysCsv());
  git("add", ".");
  git("commit", "-qm", "Add a model");
  git("push", "-q", "origin", "main");
  repository.mergeml("init");
  repository.mergeml("run", "delays");
  return repository;
}

it("goes from a drift to its issue and retrain pull request, from the merge to the issue's end", async () => {
  await using repository = await watchedRepository();
  const { github, git, run } = repository;
  expect(production(repository, "delays")).toBe(1);
  const issues = () => github.ask<Issue[]>("GET", "/repos/octo/models/issues?state=all&labels=delays");
  const drift = (now: string) => run("workflow_dispatch", watch, { inputs: { models: "", now } });

  // Drift is told in an issue that links to the retrain, and the run is green.
  const first = await drift("2001-07-10");
  expect(first.code, first.log).toBe(0);
  const [issue, ...others] = await issues();
  expect(others).toEqual([]);
  expect(issue).toMatchObject({ state: "open" });
  expect(issue?.title).toMatch(/^delays is drifting: /);
  const [pull] = await github.ask<Issue[]>("GET", "/repos/octo/models/pulls");
  expect(pull?.title).toBe("Retrain delays on data up to 2001-07-10");
  expect(issue?.body).toContain(`**Merge the retrain pull request #${pull?.number}**`);
  const number = pull?.number ?? 0;
  expect(github.added.workflowDispatches).toEqual([
    { workflow: "model-pr.yml", ref: branch, inputs: { "pull-request": `${number}` } },
  ]);

  // Pages shows it, from a runner that has checked nothing itself.
  const shown = await run("workflow_run", ".github/workflows/dashboard.yml", {}, { cwd: repository.clone("fresh") });
  expect(shown.code, shown.log).toBe(0);
  expect(repository.published("index.html")).toContain("▲</span> drifting");
  expect(repository.published("models/delays.html")).toContain("<h2>Live data</h2>");

  // What GitHub starts then: the check of the branch, with its comment.
  git("fetch", "-q", "origin", branch);
  git("switch", "-q", "--detach", "FETCH_HEAD");
  const head = git("rev-parse", "HEAD").trim();
  github.added.heads.set(number, { sha: head, repository: "octo/models" });
  github.added.mergeBases.set(head, git("merge-base", head, "main").trim());
  const inputs = { "pull-request": `${number}` };
  const judged = await run("workflow_dispatch", ".github/workflows/model-pr.yml", {
    ref: `refs/heads/${branch}`,
    inputs,
  });
  expect(judged.code, judged.log).toBe(0);
  const [comment] = await commentsOf(repository, number);
  expect(comment?.body).toContain("## mergeml: delays can ship");
  expect(github.added.checks).toMatchObject([{ name: "mergeml", conclusion: "success", head_sha: head }]);

  // The merge deploys, and the next check closes the issue.
  git("branch", "-q", branch, head);
  const event = merge(repository, branch, number);
  await github.ask("PUT", `/repos/octo/models/pulls/${number}/merge`, {});
  const deployed = await run("push", ".github/workflows/model-deploy.yml", event);
  expect(deployed.code, deployed.log).toBe(0);
  expect(production(repository, "delays")).toBe(2);
  const last = await drift("2001-07-17");
  expect(last.code, last.log).toBe(0);
  expect(await issues()).toMatchObject([{ number: issue?.number, state: "closed" }]);
  const [closing] = await commentsOf(repository, issue?.number ?? 0);
  expect(closing?.body).toContain("**No drift any more.** The last windows of delays v2, up to 2001-07-17, are clean.");
});
