import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endAfterError, endJudging, endOvertaken } from "../../actions/report/end.ts";
import { beginReport } from "../../actions/report/judged-again.ts";
import { type Action, runAction } from "../../actions/shared/action.ts";
import { publishCheckRun } from "../../actions/shared/github/check-run.ts";
import { EnvironmentError, UserError } from "../../pipelines/errors/expected-error.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";
import { shipped } from "./workflow-files.ts";

const marker = "<!-- mergeml:report -->";
const report = "## mergeml: rent can ship";
const headSha = "c".repeat(40);
const runUrl = "https://github.example.org/octo/models/actions/runs/7";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-unjudged-"));
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** An open pull request with the report of an earlier commit. */
async function openPull({ server }: FaultyGitHub): Promise<number> {
  const path = "/repos/octo/models";
  const { object } = await server.ask<{ object: { sha: string } }>("GET", `${path}/git/ref/heads/main`);
  await server.ask("POST", `${path}/git/refs`, { ref: "refs/heads/better", sha: object.sha });
  await server.ask("PUT", `${path}/contents/a.txt`, { message: "a", content: "YQ==", branch: "better" });
  const pull = { title: "better", head: "better", base: "main" };
  const { number } = await server.ask<{ number: number }>("POST", `${path}/pulls`, pull);
  server.added.heads.set(number, { sha: headSha, repository: "octo/models" });
  return number;
}

const commentsOf = ({ server }: FaultyGitHub, number: number) =>
  server.ask<{ body: string }[]>("GET", `/repos/octo/models/issues/${number}/comments`);

/** What an action is given in a run of the pull request, or after run 7 of it is over. */
function actionOf({ github }: FaultyGitHub, pull: number, over?: { conclusion: string }): Action {
  const own = { ...github.context, pullRequest: { number: pull, headSha, readOnly: false }, eventName: "pull_request" };
  const run = { id: 7, headSha, headRepository: "octo/models", event: "pull_request", attempt: 1, conclusion: "" };
  const after = { ...github.context, runId: 8, runUrl: `${runUrl.slice(0, -1)}8`, workflowRun: { ...run, ...over } };
  const inputs: Record<string, string> = over ? { "run-id": "7" } : {};
  return {
    ...{ env: {}, log: silentLog, output: () => {}, input: (name: string) => inputs[name] ?? "" },
    ...{ github: async () => github, context: async () => (over ? after : own) },
    workspace: async () => ({ repository: { comment: "always" } }),
  } as unknown as Action;
}

/** The pull request's run says that it judges. */
async function begun(faulty: FaultyGitHub, earlier: string | null = report): Promise<number> {
  const pull = await openPull(faulty);
  await beginReport(actionOf(faulty, pull));
  if (earlier !== null) {
    const [first] = await commentsOf(faulty, pull);
    const { octokit, owner, repo } = faulty.github;
    const [comment] = (await octokit.rest.issues.listComments({ owner, repo, issue_number: pull })).data;
    await octokit.rest.issues.updateComment({
      ...{ owner, repo, comment_id: comment?.id ?? 0 },
      body: `${first?.body}\n\n${earlier}`,
    });
  }
  expect(faulty.server.added.checks).toMatchObject([{ status: "in_progress", conclusion: null }]);
  expect((await commentsOf(faulty, pull))[0]?.body).toContain("## mergeml: judging `ccccccc` …");
  return pull;
}

/** The last step of the job that takes back what was announced, as the workflow has it. */
async function endWithoutTool({ server }: FaultyGitHub, folder: string): Promise<void> {
  const { jobs } = shipped.find(({ file }) => file === "model-report.yml")!;
  const step = jobs.unjudged?.steps?.at(-1);
  expect(step?.if).toBe("failure() || cancelled()");
  const given = {
    API: `${server.url}/repos/octo/models`,
    FOLDER: folder,
    RUN: runUrl,
    SHA: headSha,
    TOKEN: server.token,
  };
  expect(Object.keys(step?.env ?? {}).sort()).toEqual([...Object.keys(given), "NODE_USE_ENV_PROXY"].sort());
  await promisify(execFile)("bash", ["-e", "-c", step?.run ?? ""], { env: { PATH: process.env.PATH, ...given } });
}

describe("a run that ended without a verdict", () => {
  it.each([
    ["cancelled", "cancelled", "was cancelled, or took too long", "*Re-run all jobs*"],
    ["failure", "failure", "failed before there was a verdict", "*Re-run failed jobs*"],
    ["timed_out", "failure", "failed before there was a verdict", "*Re-run failed jobs*"],
  ])(
    "(%s) leaves a check that is over and does not pass, and a comment that says how to go on",
    async (conclusion, shown, why, mend) => {
      await using faulty = await startFaultyGitHub();
      const pull = await begun(faulty);
      await endJudging(actionOf(faulty, pull, { conclusion }));
      const [check, ...others] = faulty.server.added.checks;
      expect(others).toEqual([]);
      expect(check).toMatchObject({ status: "completed", conclusion: shown, details_url: runUrl });
      expect(check?.output.summary).toContain(why);
      const [comment, ...copies] = await commentsOf(faulty, pull);
      expect(copies).toEqual([]);
      expect(comment?.body).toMatch(
        /^<!-- mergeml:report -->\n<!-- mergeml:notice -->\n\n## mergeml: `ccccccc` was not judged\n/,
      );
      expect(comment?.body).toContain(`[Its run](${runUrl}) ${why}`);
      expect(comment?.body).toContain(mend);
      expect(comment?.body).not.toContain("judging");
      expect(
        comment?.body.endsWith(`of an earlier commit or run.\n\n---\n\n<!-- /mergeml:notice -->\n\n${report}`),
      ).toBe(true);
    },
  );

  it("ends its check by what every runner has, where not even mergeml could be set up; a verdict stays", async () => {
    await using faulty = await startFaultyGitHub();
    await begun(faulty);
    const { github, server } = faulty;
    await endWithoutTool(faulty, "ml");
    expect(server.added.checks).toMatchObject([{ status: "in_progress" }]);
    await endWithoutTool(faulty, "");
    expect(server.added.checks).toMatchObject([{ status: "completed", conclusion: "failure", details_url: runUrl }]);
    expect(server.added.checks[0]?.output.summary).toContain("*Re-run all jobs*");
    const verdict = { name: "mergeml", headSha, conclusion: "success", title: "ships", summary: () => "" } as const;
    await publishCheckRun(github, { ...verdict, annotations: [], detailsUrl: runUrl });
    const before = structuredClone(server.added.checks);
    await endWithoutTool(faulty, "");
    expect(server.added.checks).toEqual(before);
  });

  it("says it where there was no report before", async () => {
    await using faulty = await startFaultyGitHub();
    const pull = await begun(faulty, null);
    await endJudging(actionOf(faulty, pull, { conclusion: "cancelled" }));
    const body = (await commentsOf(faulty, pull))[0]?.body ?? "";
    expect(body).toContain("*Re-run all jobs*");
    expect(body).not.toContain("What stands below");
  });

  it.each(["queued", "in_progress", "waiting", "pending"])(
    "is left to another run of its commit that is %s",
    async (status) => {
      await using faulty = await startFaultyGitHub();
      const pull = await begun(faulty);
      faulty.server.added.runs.push({ id: 9, headSha, event: "workflow_dispatch", status });
      await endJudging(actionOf(faulty, pull, { conclusion: "cancelled" }));
      expect(faulty.server.added.checks).toMatchObject([{ status: "in_progress" }]);
      expect((await commentsOf(faulty, pull))[0]?.body).toContain("judging `ccccccc` …");
    },
  );

  it("is told where the workflow that judges has a name of its own, too", async () => {
    await using faulty = await startFaultyGitHub();
    const pull = await begun(faulty);
    faulty.server.fail({ method: "GET", path: /\/actions\/workflows\/.*\/runs/, status: 404 });
    await endJudging(actionOf(faulty, pull, { conclusion: "cancelled" }));
    expect(faulty.server.faultsLeft()).toEqual([]);
    expect(faulty.server.added.checks).toMatchObject([{ status: "completed", conclusion: "cancelled" }]);
  });

  it("changes nothing of a verdict, which makes a run red, too", async () => {
    await using faulty = await startFaultyGitHub();
    const pull = await openPull(faulty);
    await faulty.server.ask("POST", `/repos/octo/models/issues/${pull}/comments`, { body: "words" });
    const check = {
      name: "mergeml",
      headSha,
      title: "blocked",
      summary: () => "worse",
      annotations: [],
      detailsUrl: runUrl,
    };
    await publishCheckRun(faulty.github, { ...check, conclusion: "failure" });
    const before = faulty.server.requests.length;
    await endJudging(actionOf(faulty, pull, { conclusion: "failure" }));
    expect(faulty.server.added.checks).toMatchObject([{ conclusion: "failure", output: { title: "blocked" } }]);
    const asked = faulty.server.requests.slice(before).filter(({ path }) => path !== "/graphql");
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(["GET"]));
  });

  it("that newer commits overtook leaves no check that waits", async () => {
    await using faulty = await startFaultyGitHub();
    const pull = await begun(faulty);
    await endOvertaken({
      ...actionOf(faulty, pull),
      context: async () => ({ ...faulty.github.context, sha: headSha }),
    });
    expect(faulty.server.added.checks).toMatchObject([{ status: "completed", conclusion: "cancelled" }]);
  });

  it("gets a check of its own when it runs again", async () => {
    await using faulty = await startFaultyGitHub();
    const pull = await begun(faulty);
    await endJudging(actionOf(faulty, pull, { conclusion: "cancelled" }));
    await beginReport(actionOf(faulty, pull));
    expect(faulty.server.added.checks).toMatchObject([{ conclusion: "cancelled" }, { status: "in_progress" }]);
    expect((await commentsOf(faulty, pull))[0]?.body).toContain("judging `ccccccc` …");
  });
});

describe("a report that ends in an error", () => {
  const ended = async (faulty: FaultyGitHub, pull: number, error: unknown) => {
    const event = join(folder, "event.json");
    const head = { sha: headSha, repo: { full_name: "octo/models" } };
    writeFileSync(event, JSON.stringify({ pull_request: { number: pull, head } }));
    const env = {
      ...{ GITHUB_REPOSITORY: "octo/models", GITHUB_SERVER_URL: "https://github.example.org", GITHUB_RUN_ID: "7" },
      ...{ GITHUB_API_URL: faulty.server.url, GITHUB_EVENT_PATH: event, GITHUB_EVENT_NAME: "pull_request" },
    };
    vi.stubEnv("INPUT_TOKEN", faulty.server.token);
    try {
      const act = () => Promise.reject(error);
      await runAction(act, { env, waits: [0], afterError: endAfterError });
      expect(process.exitCode).toBe(1);
    } finally {
      vi.unstubAllEnvs();
    }
    return (await commentsOf(faulty, pull))[0]?.body ?? "";
  };

  it.each([
    [
      "of the user",
      new UserError({ message: "the plan <b>is</b> of @octocat" }),
      "an error: the plan &lt;b&gt;is&lt;/b&gt; of @&zwnj;octocat.",
    ],
    [
      "of the surroundings",
      new EnvironmentError("origin did not answer", { tried: "git fetch", safe: "" }),
      "an error: origin did not answer.",
    ],
    ["of mergeml, whose words are for the log", new TypeError("x ghs_secret is undefined"), "a bug of mergeml."],
  ])("%s says so in place of the verdict", async (_title, error, words) => {
    await using faulty = await startFaultyGitHub();
    const pull = await begun(faulty);
    const body = await ended(faulty, pull, error);
    expect(body).toContain(`## mergeml: \`ccccccc\` was not judged\n\nIts report ended in ${words}`);
    expect(body.startsWith(marker)).toBe(true);
    expect(body).not.toContain("ghs_secret");
    expect(faulty.server.added.checks).toMatchObject([{ status: "completed", conclusion: "failure" }]);
  });

  it("still ends in that error when GitHub does not take what it says", async () => {
    await using faulty = await startFaultyGitHub();
    const pull = await begun(faulty);
    faulty.server.fail({ method: "PATCH", path: /\/check-runs\//, times: 99, status: 403 });
    const body = await ended(faulty, pull, new UserError({ message: "no" }));
    expect(body).toContain("was not judged");
  });
});
