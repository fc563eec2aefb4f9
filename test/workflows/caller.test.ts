import { expect, it } from "vitest";
import { commentsOf, merge, openPullRequest, production } from "./pull-request.ts";
import { makeCallerRepository } from "./repository.ts";

it("works in a repository of models alone, through the workflows that init wrote", async () => {
  await using repository = await makeCallerRepository();
  const { github, git, run } = repository;
  repository.mergeml("init", "--actions", "mergeml/mergeml@v0.1.0");
  // Somebody else's mistake on main is told on its line, and stops nobody.
  repository.write("models/rooms/model.yaml", "name: rooms\n");
  git("add", ".");
  git("commit", "-qm", "Add a first model");
  git("push", "-q", "origin", "main");
  const first = await run("push", ".github/workflows/model-deploy.yml", { ref: "refs/heads/main" });
  expect(first.code).not.toBe(0);
  expect(first.log).toMatch(/::error file=models\/rooms\/model\.yaml,line=1,/);
  expect(production(repository, "flats"), first.log).toBe(1);

  // The mistake has an issue, #1.
  const change = { model: "flats", params: "{ trees: 60, learning_rate: 0.1 }" };
  const event = await openPullRequest(repository, { number: 2, branch: "better", ...change });
  const judged = await run("pull_request", ".github/workflows/model-pr.yml", event);
  const [comment] = await commentsOf(repository, 2);
  expect(comment?.body, judged.log).toContain("## mergeml: flats");
  expect(github.added.checks).toHaveLength(1);

  git("switch", "-q", "main");
  git("rm", "-qr", "models/rooms");
  git("commit", "-qm", "Take the broken model away");
  const deployed = await run("push", ".github/workflows/model-deploy.yml", merge(repository, "better", 2));
  expect(deployed.code, deployed.log).toBe(0);
});
