import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { deployResults, keepBlockedIssues, tellMerged } from "../../actions/announce/tell-merged.ts";
import { judgedAgain } from "../../actions/report/judged-again.ts";
import type { Action } from "../../actions/shared/action.ts";
import { uploadVerdicts } from "../../actions/shared/bundles.ts";
import { judgeOpenAgain } from "../../actions/shared/judge-open-again.ts";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { deployed, modelYaml, type Scratch } from "../scratch.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const path = "/repos/octo/models";
const marker = "<!-- mergeml:report -->";
const hash = "0123456789abcdef";
const remembered = (against: number | null) =>
  `<!-- mergeml:candidates ${JSON.stringify({ rent: { sha256: hash, definition: hash, train: hash, test: hash, against } })} -->`;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-announce-"));
  vi.stubEnv("GITHUB_SERVER_URL", "https://ghe.example.org"); // artifacts stay on the runner
  vi.stubEnv("RUNNER_TEMP", folder);
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

interface Issue {
  number: number;
  state: string;
  title: string;
  body: string;
}

/** A pull request in the API, with the report's comment. */
async function openPull({ server }: FaultyGitHub, branch: string, body: string, from = "octo/models"): Promise<number> {
  const { ask, added } = server;
  const { object } = await ask<{ object: { sha: string } }>("GET", `${path}/git/ref/heads/main`);
  await ask("POST", `${path}/git/refs`, { ref: `refs/heads/${branch}`, sha: object.sha });
  const content = Buffer.from(branch).toString("base64");
  await ask("PUT", `${path}/contents/${branch}.txt`, { message: branch, content, branch });
  const pull = await ask<{ number: number }>("POST", `${path}/pulls`, { title: branch, head: branch, base: "main" });
  added.heads.set(pull.number, { sha: `${pull.number}`.repeat(40).slice(0, 40), repository: from });
  await commentOn(server, pull.number, body);
  return pull.number;
}

async function commentOn({ url, token }: FaultyGitHub["server"], number: number, body: string): Promise<void> {
  const headers = { authorization: `token ${token}`, "content-type": "application/json" };
  await fetch(`${url}${path}/issues/${number}/comments`, { method: "POST", headers, body: JSON.stringify({ body }) });
}

const commentOf = async ({ server }: FaultyGitHub, number: number) =>
  (await server.ask<{ body: string }[]>("GET", `${path}/issues/${number}/comments`))[0]?.body ?? "";

async function opened(scratch: Scratch, { github }: FaultyGitHub, models: readonly string[], told: string[] = []) {
  const { root, env } = scratch;
  const workspace = await openWorkspace({ directory: root, env, clock: systemClock, log: silentLog, useCache: true });
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const action = {
    env: { GITHUB_REF: "refs/heads/main" },
    log: { ...silentLog, warn: (text: string) => told.push(text) },
    input: () => "",
    list: () => models,
    github: async () => github,
    context: async () => github.context,
  } as unknown as Action;
  return { action, workspace, snapshot };
}

async function tell(scratch: Scratch, faulty: FaultyGitHub, models: readonly string[]) {
  const { action, workspace, snapshot } = await opened(scratch, faulty, models);
  await using _ = workspace;
  const results = await deployResults(action, workspace, snapshot);
  const issues = await keepBlockedIssues(action, workspace, snapshot, results);
  await tellMerged(action, results, issues);
  return results;
}

it("keeps one issue for a model that is blocked on main, tells its pull request, and closes it when nothing waits", async () => {
  using scratch = await deployed();
  await using faulty = await startFaultyGitHub();
  const { git, write } = scratch;
  const issues = () => faulty.server.ask<Issue[]>("GET", `${path}/issues?state=all&labels=blocked`);
  const number = await openPull(faulty, "worse", `${marker}\n${remembered(1)}\n## mergeml: rent can ship`);
  write("models/rent/model.yaml", modelYaml({ params: "{ trees: 3, max_leaves: 2 }" }));
  git("commit", "-qam", "Grow fewer trees");
  git("push", "-q", "origin", "main");
  const sha = git("rev-parse", "HEAD").trim();
  const merged = [{ number, merged_at: "2026-01-01T00:00:00Z", merge_commit_sha: sha }];
  faulty.server.added.pullsOfCommit.set(sha, merged);
  await uploadVerdicts([
    { model: "rent", outcome: "fail", summary: "rmse 90 must be below production's 60 <img src=x>" },
  ]);

  const [blocked] = await tell(scratch, faulty, ["rent"]);
  expect(blocked).toMatchObject({ model: "rent", state: "blocked", pullRequest: number });
  await tell(scratch, faulty, ["rent"]);
  const [issue, ...others] = await issues();
  expect(others).toEqual([]);
  expect(issue).toMatchObject({
    state: "open",
    title: "rent is not deployed: rmse 90 must be below production's 60 <img src=x>",
  });
  expect(issue?.body).toContain(`It came with #${number}.`);
  expect(issue?.body).toContain("thresholds.waive");
  expect(issue?.body).not.toContain("<img");
  expect(await commentOf(faulty, number)).toMatch(/\*\*rent is not deployed\*\*: rmse 90 .*, #\d+\) <!-- of rent -->/);

  // A person closes it: known. The same definition is not told again; a mistake in the config is another state.
  await faulty.server.ask("PATCH", `${path}/issues/${issue?.number}`, { state: "closed" });
  await tell(scratch, faulty, ["rent"]);
  expect(await issues()).toMatchObject([{ state: "closed" }]);
  write("models/rent/model.yaml", modelYaml({ params: "{ tress: 3 }" }));
  await tell(scratch, faulty, []);
  expect(await issues()).toHaveLength(2);
  expect((await issues()).find(({ state }) => state === "open")?.title).toContain("models/rent/model.yaml:");

  // The revert makes main what production is.
  git("checkout", "-q", "HEAD~1", "--", "models");
  git("commit", "-qm", "Take it back");
  git("push", "-q", "origin", "main");
  await tell(scratch, faulty, []);
  expect((await issues()).map(({ state }) => state)).toEqual(["closed", "closed"]);
});

it("tells a merged pull request what is in production since, once, and keeps what its comment says", async () => {
  using scratch = await deployed();
  await using faulty = await startFaultyGitHub();
  const number = await openPull(faulty, "first", `${marker}\n${remembered(null)}\n## mergeml: rent can ship`);
  const { action } = await opened(scratch, faulty, []);
  const since = "2026-11-28T14:12:33.000Z";
  const result = {
    model: "rent",
    owner: null,
    pullRequest: number,
    environment: "production",
    state: "deployed" as const,
    version: 1,
    since,
  };
  for (let round = 0; round < 2; round += 1) await tellMerged(action, [result], new Map());
  await tellMerged(action, [{ ...result, model: "price", version: 4 }], new Map());
  const lines = (await commentOf(faulty, number)).split("\n");
  expect(lines.slice(0, 2)).toEqual([marker, remembered(null)]);
  expect(lines.filter((line) => line.includes("in production"))).toEqual([
    expect.stringMatching(/^\*\*price v4 is in production\*\*/),
    expect.stringMatching(
      /^\*\*rent v1 is in production\*\* since 2026-11-28 14:12 UTC \(\[run\]\(.*\)\); undo: `mergeml rollback rent`/,
    ),
  ]);
  expect(lines.at(-1)).toBe("## mergeml: rent can ship");
});

it("has open pull requests judged again that production moved, and no others", async () => {
  using scratch = await deployed();
  await using faulty = await startFaultyGitHub();
  const { added } = faulty.server;
  const report = "## mergeml: rent can ship";
  const stale = await openPull(faulty, "stale", `${marker}\n${remembered(null)}\n${report}`);
  const fork = await openPull(faulty, "theirs", `${marker}\n${remembered(null)}\n${report}`, "eve/models");
  const fresh = await openPull(faulty, "fresh", `${marker}\n${remembered(1)}\n${report}`);
  await openPull(faulty, "words", "Nice!");
  const forkSha = added.heads.get(fork)?.sha ?? "";
  added.runs.push(
    { id: 41, headSha: forkSha, event: "pull_request" },
    { id: 42, headSha: forkSha, event: "pull_request" },
  );

  const { action, workspace, snapshot } = await opened(scratch, faulty, []);
  await using _ = workspace;
  expect((await judgeOpenAgain(action, snapshot, ["rent"])).sort()).toEqual([stale, fork].sort());
  expect(added.workflowDispatches).toEqual([
    { workflow: "model-pr.yml", ref: "stale", inputs: { "pull-request": `${stale}` } },
  ]);
  expect(added.reruns).toEqual([42]);
  expect(added.checks.map(({ head_sha, output }) => [head_sha, output.title]).sort()).toEqual(
    [stale, fork].map((each) => [added.heads.get(each)?.sha, "judging again: production moved to v1"]).sort(),
  );
  const told = await commentOf(faulty, stale);
  expect(told).toContain(
    "## mergeml: judging again: production moved to v1\n\nWhat stands below was judged when nothing was in production of rent.",
  );
  expect(told.endsWith(report)).toBe(true);
  expect(await commentOf(faulty, fresh)).not.toContain("judging again");

  // The next deploy of another model asks for nothing twice while they are judged.
  const staleSha = added.heads.get(stale)?.sha ?? "";
  for (const sha of [forkSha, staleSha])
    added.runs.push({ id: 43, headSha: sha, event: "workflow_dispatch", status: "queued" });
  expect(await judgeOpenAgain(action, snapshot, ["rent"])).toEqual([]);
  // What died before its verdict is started once more.
  added.runs.splice(0, added.runs.length, { id: 44, headSha: forkSha, event: "pull_request" });
  expect((await judgeOpenAgain(action, snapshot, ["rent"])).sort()).toEqual([stale, fork].sort());
  expect(added.reruns).toEqual([42, 44]);
});

it("says of a pull request that production moved and whose check cannot be started what to do, and asks again later", async () => {
  using scratch = await deployed();
  await using faulty = await startFaultyGitHub();
  const { added } = faulty.server;
  const report = "## mergeml: rent can ship";
  const fork = await openPull(faulty, "old", `${marker}\n${remembered(null)}\n${report}`, "eve/models"); // its run is gone
  const told: string[] = [];
  const { action, workspace, snapshot } = await opened(scratch, faulty, [], told);
  await using _ = workspace;
  expect(await judgeOpenAgain(action, snapshot, ["rent"])).toEqual([]);
  expect(told.join()).toContain("could not be started");
  const checks = added.checks.map(({ conclusion, output }) => [conclusion, output.summary]);
  expect(checks).toEqual([
    ["failure", expect.stringContaining("production of rent moved, and the check could not be")],
  ]);
  const body = await commentOf(faulty, fork);
  expect(body).toMatch(/## mergeml: `\w{7}` was not judged\n\nProduction of rent moved, .* Push to its branch\./);
  expect(body).not.toContain("judging");
  expect(body.endsWith(report)).toBe(true);
  added.runs.push({ id: 45, headSha: added.heads.get(fork)?.sha ?? "", event: "pull_request" });
  expect(await judgeOpenAgain(action, snapshot, ["rent"])).toEqual([fork]);
});

it("judges a pull request anew whose failed jobs ran again after production moved, but not without end", async () => {
  await using faulty = await startFaultyGitHub();
  const { added } = faulty.server;
  const number = await openPull(faulty, "late", `${marker}\n${remembered(1)}\n## mergeml: rent is blocked`);
  const headSha = added.heads.get(number)?.sha ?? "";
  const entry: ReportEntry = {
    ...{ state: "error", model: "rent", during: "confirming the result", problems: [{ message: "not confirmed" }] },
    moved: { from: 1, to: 2 },
  };
  const subject = { pullRequest: number, headSha, merge: headSha, baseRef: null, mayPublish: true };
  const judged = async (change: object, entries: readonly ReportEntry[] = [entry]) => {
    const failures: string[] = [];
    const context = { ...faulty.github.context, ...change };
    const action = {
      ...{ env: {}, log: silentLog, output: () => {}, fail: (text: string) => failures.push(text) },
      ...{ github: async () => faulty.github, context: async () => context },
    } as unknown as Action;
    return [await judgedAgain(action, subject, entries), failures.length];
  };
  const { moved: _, ...lie } = entry;
  expect(await judged({ eventName: "pull_request" }, [lie])).toEqual([false, 0]);
  expect(await judged({ eventName: "workflow_dispatch" })).toEqual([false, 0]);
  expect(await judged({ eventName: "workflow_run", workflowRun: { attempt: 3 } })).toEqual([false, 0]);
  expect(added.workflowDispatches).toEqual([]);
  expect(await judged({ eventName: "pull_request" })).toEqual([true, 1]);
  expect(added.workflowDispatches).toMatchObject([{ ref: "late", inputs: { "pull-request": `${number}` } }]);
  expect(await commentOf(faulty, number)).toContain("## mergeml: judging again: production moved to v2");
});
