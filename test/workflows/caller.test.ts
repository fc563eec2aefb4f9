import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commentsOf, merge, openPullRequest, production } from "./pull-request.ts";
import { serveRelease } from "./release.ts";
import { makeCallerRepository } from "./repository.ts";

const deploy = ".github/workflows/model-deploy.yml";

it("works in a repository of models alone, through the workflows that init wrote", async () => {
  await using release = await serveRelease();
  await using repository = await makeCallerRepository(release);
  const { github, git, run } = repository;
  repository.mergeml("init", "--actions", "mergeml/mergeml@v0.1.0");
  // Somebody else's mistake on main is told on its line, and stops nobody.
  repository.write("models/rooms/model.yaml", "name: rooms\n");
  // What the repository brings runs before its models do.
  const caller = readFileSync(join(repository.root, deploy), "utf8");
  expect(caller).not.toContain("    with:\n");
  repository.write(
    deploy,
    caller.replace("    secrets:\n", "    with:\n      setup: .github/actions/own\n    secrets:\n"),
  );
  repository.write(
    ".github/actions/own/action.yml",
    "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: echo our own setup, in $GITHUB_JOB\n",
  );
  git("add", ".");
  git("commit", "-qm", "Add a first model");
  git("push", "-q", "origin", "main");
  const first = await run("push", deploy, { ref: "refs/heads/main" });
  expect(first.code).not.toBe(0);
  expect([...new Set(first.log.match(/our own setup, in \w+/g))]).toEqual(["our own setup, in train"]);
  expect(first.log).toMatch(/::error file=models\/rooms\/model\.yaml,line=1,/);
  expect(production(repository, "flats"), first.log).toBe(1);
  const shown = await run("workflow_run", ".github/workflows/dashboard.yml", {});
  expect(shown.code, shown.log).toBe(0);
  expect(repository.published("models/flats.html")).toContain("v1 in production");

  // The mistake has an issue, #1.
  const change = { model: "flats", params: "{ trees: 60, learning_rate: 0.1 }" };
  const event = await openPullRequest(repository, { number: 2, branch: "better", ...change });
  const judged = await run("pull_request", ".github/workflows/model-pr.yml", event);
  const [comment] = await commentsOf(repository, 2);
  expect(comment?.body, judged.log).toContain("## mergeml: flats");
  expect(github.added.checks).toHaveLength(1);
  expect(jobsOf(judged.log)).toEqual(["look", "plan", "judging", "train flats", "report"].sort());

  git("switch", "-q", "main");
  git("rm", "-qr", "models/rooms");
  git("commit", "-qm", "Take the broken model away");
  const deployed = await run("push", ".github/workflows/model-deploy.yml", merge(repository, "better", 2));
  expect(deployed.code, deployed.log).toBe(0);

  // The queue's commit of a change that affects no model, judged onto what it is merged onto.
  const [base] = [git("rev-parse", "HEAD").trim()];
  repository.write("NOTES.md", "Flats\n");
  git("add", ".");
  git("commit", "-qm", "Say what this is");
  const head = git("rev-parse", "HEAD").trim();
  git("push", "-q", "origin", "HEAD:refs/heads/gh-readonly-queue/main/pr-3");
  const group = {
    head_sha: head,
    base_sha: base,
    head_ref: "refs/heads/gh-readonly-queue/main/pr-3",
    base_ref: "refs/heads/main",
  };
  const queued = await run("merge_group", ".github/workflows/model-pr.yml", { merge_group: group });
  expect(queued.code, queued.log).toBe(0);
  expect(github.added.checks.at(-1)).toMatchObject({ name: "mergeml", conclusion: "neutral", head_sha: head });
  expect(jobsOf(queued.log)).toEqual(["look"]);

  // A pull request that no model can depend on: one job, and no comment.
  git("switch", "-q", "main");
  const words = await openPullRequest(repository, {
    number: 3,
    branch: "words",
    model: "flats",
    files: { "WORDS.md": "Words.\n" },
  });
  const passed = await run("pull_request", ".github/workflows/model-pr.yml", words);
  expect(passed.code, passed.log).toBe(0);
  expect(jobsOf(passed.log)).toEqual(["look"]);
  expect(await commentsOf(repository, 3)).toEqual([]);
  expect(github.added.checks.at(-1)).toMatchObject({ conclusion: "neutral", head_sha: words.pull_request.head.sha });
});

/** The jobs that ran, by their names in the called workflow. */
function jobsOf(log: string): string[] {
  const jobs = [...log.matchAll(/^\[(?:[^\]]+\/)?([^\]/]+?)\s*\].*Set up job$/gm)].map(([, job = ""]) => job);
  return [...new Set(jobs)].sort();
}
