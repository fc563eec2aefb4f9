import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commentsOf, openPullRequest } from "./pull-request.ts";
import { makeTemplateRepository } from "./repository.ts";

const workflow = ".github/workflows/one-job.yml";
const serverUrl = "http://ghe.example.org:9";

/** The workflow for a server without artifacts, as the documentation has it. */
function documented(): string {
  const text = readFileSync(join(import.meta.dirname, "../../docs/github.md"), "utf8");
  const [, yaml = ""] = /^## GitHub Enterprise Server[\s\S]*?```yaml\n([\s\S]*?)```/m.exec(text) ?? [];
  return yaml;
}

it("judges a pull request on GitHub Enterprise Server in one job, and says why many jobs cannot", async () => {
  await using repository = await makeTemplateRepository();
  const { github, run } = repository;
  repository.mergeml("init");
  repository.mergeml("run", "diamond-price");
  repository.write(workflow, documented());
  const params = "{ trees: 150, learning_rate: 0.15, max_leaves: 31 }";
  const event = await openPullRequest(repository, { number: 1, branch: "better", params });

  const judged = await run("pull_request", workflow, event, { serverUrl });
  expect(judged.code, judged.log).toBe(0);
  expect(judged.artifacts).toEqual([]);
  expect(judged.log).toContain("this server has no artifacts of that kind");
  const [comment, ...others] = await commentsOf(repository, 1);
  expect(others).toEqual([]);
  expect(comment?.body).toContain("## mergeml: diamond-price can ship");
  expect(comment?.body).toContain(`[full report](${serverUrl}/octo/models/actions/runs/`);
  expect(github.added.checks).toMatchObject([{ name: "mergeml", conclusion: "success" }]);

  const split = await run("pull_request", ".github/workflows/model-pr.yml", event, { serverUrl });
  expect(split.code).not.toBe(0);
  expect(split.log).toContain(`${serverUrl} keeps no artifacts of the kind that carries results from job to job`);
  // The verdict stays, below the notice of the run that could not say another.
  const [left, ...more] = await commentsOf(repository, 1);
  expect(more).toEqual([]);
  expect(left?.body).toContain("What stands below is of an earlier commit or run");
  expect(left?.body).toContain(comment?.body?.slice(comment.body.indexOf("## mergeml:")));
});
