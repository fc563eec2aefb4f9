import { describe, expect, it } from "vitest";
import { type FaultyGitHub, startFaultyGitHub } from "../actions/github/faulty-github.ts";

const repository = { owner: "octo", repo: "models" };

/** A branch with one file more than main; gives its commit. */
async function pushBranch({ github: { octokit } }: FaultyGitHub, branch: string): Promise<string> {
  const main = await octokit.rest.git.getRef({ ...repository, ref: "heads/main" });
  await octokit.rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: main.data.object.sha });
  const content = Buffer.from("window: 2026-01").toString("base64");
  const file = { path: "window.yaml", message: "Move the window", content, branch };
  const { data } = await octokit.rest.repos.createOrUpdateFileContents({ ...repository, ...file });
  return data.commit.sha ?? "";
}

describe("GitHub for tests has what a repository's automation needs:", () => {
  it("issues by label, from their creation to a lock", async () => {
    await using faulty = await startFaultyGitHub();
    const { issues } = faulty.github.octokit.rest;
    await issues.createLabel({ ...repository, name: "drift", color: "d93f0b", description: "Data moved" });
    const made = await issues.create({ ...repository, title: "rent drifts", body: "v1", labels: ["drift", "rent"] });
    await issues.create({ ...repository, title: "Something else" });
    const issue = { ...repository, issue_number: made.data.number };
    const labelled = (state: "open" | "closed" | "all") =>
      issues.listForRepo({ ...repository, labels: "drift,rent", state });
    expect((await labelled("open")).data.map(({ title }) => title)).toEqual(["rent drifts"]);
    await issues.update({ ...issue, body: "v2", title: "rent drifts more" });
    await issues.addLabels({ ...issue, labels: ["acknowledged"] });
    await issues.removeLabel({ ...issue, name: "acknowledged" });
    await issues.createComment({ ...issue, body: "It is over." });
    await issues.update({ ...issue, state: "closed", state_reason: "completed" });
    expect((await labelled("open")).data).toEqual([]);
    expect((await labelled("closed")).data).toMatchObject([{ body: "v2", state_reason: "completed", comments: 1 }]);
    await issues.update({ ...issue, state: "open" });
    await issues.lock({ ...issue, lock_reason: "resolved" });
    expect((await issues.get(issue)).data).toMatchObject({ state: "open", locked: true });
    await issues.unlock(issue);
    expect((await issues.get(issue)).data.locked).toBe(false);
  });

  it("branches, files and pull requests", async () => {
    await using faulty = await startFaultyGitHub();
    const { git, repos, pulls, issues } = faulty.github.octokit.rest;
    const sha = await pushBranch(faulty, "retrain/rent");
    const ref = await git.getRef({ ...repository, ref: "heads/retrain/rent" });
    expect(ref.data.object.sha).toBe(sha);
    const file = await repos.getContent({ ...repository, path: "window.yaml", ref: "retrain/rent" });
    expect(file.data).toMatchObject({ type: "file", path: "window.yaml" });
    const made = await pulls.create({
      ...repository,
      title: "Retrain rent",
      head: "retrain/rent",
      base: "main",
      body: "Drift",
    });
    const pull = { ...repository, pull_number: made.data.number };
    await issues.addLabels({ ...repository, issue_number: made.data.number, labels: ["mergeml"] });
    await pulls.update({ ...pull, title: "Retrain rent on March", body: "More drift" });
    const listed = await pulls.list({ ...repository, head: "octo:retrain/rent", state: "open" });
    expect(listed.data).toMatchObject([{ number: made.data.number, title: "Retrain rent on March" }]);
    await pulls.update({ ...pull, state: "closed" });
    expect((await pulls.list({ ...repository, head: "octo:retrain/rent", state: "open" })).data).toEqual([]);
    await git.deleteRef({ ...repository, ref: "heads/retrain/rent" });
    await expect(git.getRef({ ...repository, ref: "heads/retrain/rent" })).rejects.toMatchObject({ status: 404 });
  });

  it("dispatches of workflows and of the repository", async () => {
    await using faulty = await startFaultyGitHub();
    const { actions, repos } = faulty.github.octokit.rest;
    const inputs = { "pull-request": "3" };
    await actions.createWorkflowDispatch({ ...repository, workflow_id: "model-pr.yml", ref: "retrain/rent", inputs });
    await repos.createDispatchEvent({ ...repository, event_type: "mergeml-drift", client_payload: { model: "rent" } });
    expect(faulty.server.added.workflowDispatches).toEqual([{ workflow: "model-pr.yml", ref: "retrain/rent", inputs }]);
    expect(faulty.server.added.dispatches).toEqual([
      { event_type: "mergeml-drift", client_payload: { model: "rent" } },
    ]);
  });

  it("deployments by id and by every filter, and the limits of texts", async () => {
    await using faulty = await startFaultyGitHub();
    const { repos, checks } = faulty.github.octokit.rest;
    const make = (environment: string, ref: string) =>
      repos.createDeployment({ ...repository, environment, ref, required_contexts: [], auto_merge: false });
    await make("production/rent", "a".repeat(40));
    await make("production/price", "b".repeat(40));
    const list = async (filter: object) =>
      (await repos.listDeployments({ ...repository, ...filter })).data.map(({ id }) => id);
    expect(await list({})).toEqual([2, 1]);
    expect(await list({ environment: "production/rent" })).toEqual([1]);
    expect(await list({ ref: "b".repeat(40) })).toEqual([2]);
    expect(await list({ task: "deploy:model" })).toEqual([]);
    expect(await list({ per_page: 1, page: 2 })).toEqual([1]);
    expect((await repos.getDeployment({ ...repository, deployment_id: 2 })).data.environment).toBe("production/price");
    await expect(repos.getDeployment({ ...repository, deployment_id: 3 })).rejects.toMatchObject({ status: 404 });
    const output = { title: "t", summary: "s", text: "x".repeat(65_536) };
    const check = { ...repository, name: "mergeml", head_sha: "a".repeat(40), output };
    await expect(checks.create(check)).rejects.toThrow("text exceeds a maximum of 65535 characters");
    await checks.create({ ...check, output: { ...output, text: "x" } });
    const found = await checks.listForRef({ ...repository, ref: "a".repeat(40) });
    expect(found.data.check_runs.map(({ name }) => name)).toEqual(["mergeml"]);
  });
});
