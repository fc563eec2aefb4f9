import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Action } from "../../actions/shared/action.ts";
import { beginCheckRun } from "../../actions/shared/github/check-run.ts";
import { type Publishing, publishReport } from "../../actions/shared/publish-report.ts";
import { parseModelConfig } from "../../pipelines/config/parse-model-config.ts";
import type { JudgedEntry, ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";
import { candidate, evaluation, judged, metric, modelConfig } from "../report/builders.ts";
import * as cases from "../report/cases.ts";
import { modelYaml } from "../scratch.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const serverUrl = "https://ghe.example.org";
const runUrl = `${serverUrl}/octo/models/actions/runs/7`;
const headSha = "c".repeat(40);
const subject = { pullRequest: 1, headSha, merge: headSha, baseRef: null, mayPublish: true };
const same: ReportEntry = { state: "identical", model: "rent", version: 3 };
const where = { file: "models/price/model.yaml", line: 4, column: 1 };
const wrong: ReportEntry = {
  state: "error",
  model: "price",
  problems: [{ message: "no such trainer", where }],
  during: "reading the config",
};

const blockedYaml = modelYaml({
  thresholds: "  primary: rmse\n  retrain: { mode: point }\n  first_deploy: { rmse: { max: 900 } }",
});

function job(id: number, from: string, to: string): object {
  const url = `${serverUrl}/jobs/${id}`;
  const names = {
    id,
    node_id: `J${id}`,
    run_id: 7,
    name: `train ${id}`,
    workflow_name: "model-pr",
    head_branch: "better",
  };
  const runner = { runner_id: 1, runner_name: "a", runner_group_id: 1, runner_group_name: "b", labels: [] };
  const at = (time: string) => `2026-03-01T${time}Z`;
  return {
    ...{ ...names, ...runner, run_url: url, url, html_url: url, check_run_url: url, head_sha: headSha },
    ...{ status: "completed", conclusion: "success", created_at: at(from), started_at: at(from), completed_at: at(to) },
  };
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-publish-"));
  vi.stubEnv("GITHUB_SERVER_URL", serverUrl);
  vi.stubEnv("RUNNER_TEMP", folder);
  // The artifact library prints a warning for the runner.
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  outputs: Record<string, string>;
  lines: string[];
  failure: string | null;
  summary: string;
}

async function publish(
  faulty: FaultyGitHub,
  entries: ReportEntry[],
  {
    env: more = {},
    comment,
    minutePrice,
    runId = 7,
    ...changes
  }: {
    token?: string;
    mayPublish?: boolean;
    pullRequest?: number | null;
    env?: Record<string, string>;
    comment?: Publishing["comment"];
    minutePrice?: string;
    runId?: number;
  } = {},
): Promise<Told> {
  const told: Told = { outputs: {}, lines: [], failure: null, summary: "" };
  const opened = await faulty.open(changes.token ? { token: changes.token } : {});
  const github = { ...opened, context: { ...opened.context, runId } };
  const env = { GITHUB_STEP_SUMMARY: join(folder, "summary.md"), ...more };
  const action: Action = {
    env,
    log: { ...silentLog, info: (line) => told.lines.push(line), warn: (line) => told.lines.push(`warning: ${line}`) },
    input: () => "",
    list: () => [],
    flag: () => false,
    output: (name, value) => {
      told.outputs[name] = value;
    },
    context: async () => ({ ...github.context, serverUrl, runUrl }),
    github: async () => github,
    workspace: () => Promise.reject(new Error("no repository is needed")),
    fail: (message) => {
      told.failure = message;
    },
  };
  await publishReport(action, { ...subject, ...changes }, entries, {
    ...(comment && { comment }),
    ...(minutePrice && { minutePrice }),
  });
  return { ...told, summary: readFileSync(env.GITHUB_STEP_SUMMARY, "utf8") };
}

async function start(): Promise<FaultyGitHub> {
  const faulty = await startFaultyGitHub();
  await faulty.server.ask("POST", "/repos/octo/models/issues", { title: "A change" });
  return faulty;
}

const comments = (faulty: FaultyGitHub) =>
  faulty.server.ask<{ body: string }[]>("GET", "/repos/octo/models/issues/1/comments");

describe("the report", () => {
  it("goes without artifacts on GitHub Enterprise Server, and links to that server", async () => {
    await using faulty = await start();
    const told = await publish(faulty, [same]);
    expect(told.outputs).toEqual({ verdict: "pass", comment: "created" });
    const [comment] = await comments(faulty);
    expect(comment?.body).toContain(`[full report](${runUrl})`);
    expect(comment?.body).not.toContain("github.com");
    expect(told.summary).toContain("## mergeml");
    expect(told.lines[0]).toBe(
      "the full report is no artifact; it is in the job's summary: this server has no artifacts of that kind",
    );
    expect(readdirSync(join(folder, "mergeml-artifacts"))).toEqual(["mergeml-full-report", "mergeml-report-html"]);
  });

  it("marks what is wrong on its line, and is red", async () => {
    await using faulty = await start();
    const told = await publish(faulty, [same, wrong]);
    expect(told.outputs.verdict).toBe("fail");
    expect(told.failure).toBe("1 model cannot ship (1 the same as in production)");
    expect(faulty.server.added.checks).toMatchObject([
      {
        conclusion: "failure",
        details_url: runUrl,
        annotations: [{ path: where.file, start_line: 4, message: "no such trainer" }],
      },
    ]);
  });

  it("of a folder of models is one of its own, beside that of another folder", async () => {
    await using faulty = await start();
    for (const path of [".git", "ml", "other"]) mkdirSync(join(folder, path));
    for (const path of ["ml", "other"]) writeFileSync(join(folder, path, "mergeml.yaml"), "");
    for (const path of ["ml", "other", "ml"])
      await publish(faulty, [wrong], { env: { GITHUB_WORKSPACE: folder, "INPUT_WORKING-DIRECTORY": path } });
    const lines = (await comments(faulty)).map(({ body }) => body.split("\n", 1)[0]);
    expect(lines).toEqual(["<!-- mergeml:report ml -->", "<!-- mergeml:report other -->"]);
    const { checks } = faulty.server.added;
    expect(checks.map(({ name }) => name)).toEqual(["mergeml (ml)", "mergeml (other)"]);
    const annotations = `/repos/octo/models/check-runs/${checks[0]?.id}/annotations`;
    expect(await faulty.server.ask("GET", annotations)).toMatchObject({
      check_annotations: [{ path: "ml/models/price/model.yaml" }],
    });
  });

  it("is in the job's summary with a notice when the token may not comment", async () => {
    await using faulty = await start();
    const told = await publish(faulty, [same], { token: faulty.server.readOnlyToken });
    expect(told.outputs).toEqual({ verdict: "pass", comment: "forbidden" });
    expect(told.lines).toContain(
      "warning: the token may not comment on this pull request: the report is in the job's summary. Give the job pull-requests: write",
    );
    expect(told.summary).toContain("rent");
    expect(told.failure).toBeNull();
  });

  it("marks the line of the threshold that blocks", async () => {
    await using faulty = await start();
    const { config, locate } = parseModelConfig(blockedYaml, "models/rent/model.yaml", modelParts());
    const regression = cases.regression as JudgedEntry;
    const trained = regression.candidate;
    const thresholds = { ...trained.config.thresholds, ...config?.thresholds };
    const entry = {
      ...cases.regression,
      candidate: { ...trained, config: { ...trained.config, thresholds } },
      locate,
    };
    await publish(faulty, [entry]);
    const [check] = faulty.server.added.checks;
    const marked = (check?.annotations ?? []) as unknown as { title: string; start_line: number; message: string }[];
    const primary = marked.find(({ title }) => title.endsWith("primary"));
    expect(blockedYaml.split("\n")[(primary?.start_line ?? 0) - 1]).toMatch(/^ {2}(retrain|primary):/);
    expect(primary?.message).toContain("limit");
  });

  it("says what the run took and cost, beside the run before it, and is not rewritten for that alone", async () => {
    await using faulty = await start();
    const { jobs } = faulty.server.added;
    jobs.push(job(1, "12:00:00", "12:03:00"), job(2, "12:00:00", "12:09:00"));
    await publish(faulty, [wrong], { minutePrice: "0.006 USD" });
    const [first] = await comments(faulty);
    expect(first?.body).toContain("12 min of runners in 2 jobs (0.072 USD)</sub>");
    expect(first?.body).toContain('<!-- mergeml:run {"run":7,"minutes":12,"last":null} -->');
    jobs[1] = job(2, "12:00:00", "12:06:00");
    expect((await publish(faulty, [wrong])).outputs.comment).toBe("unchanged");
    const other = { ...wrong, problems: [{ message: "no such column" }] } as ReportEntry;
    await publish(faulty, [other], { runId: 8 });
    expect((await comments(faulty))[0]?.body).toContain("9 min of runners in 2 jobs, 12 min the run before</sub>");
  });

  it("of a thousand models has a comment, a check of all, and pages of fifty, in few requests", async () => {
    await using faulty = await start();
    const scores = (at: number) =>
      evaluation({ metrics: [metric("rmse", { naive: 4000, candidate: at % 3 ? 800 : 1200 })] });
    const entries = Array.from({ length: 1_000 }, (_, at) =>
      judged(candidate(modelConfig(`model-${at}`)), scores(at), null),
    );
    const told = await publish(faulty, entries);
    expect(told.outputs).toEqual({ verdict: "fail", comment: "created" });
    const [comment] = await comments(faulty);
    expect(comment?.body.length).toBeLessThanOrEqual(65_536);
    expect(comment?.body).toContain("## mergeml: 666 of 1000 models can ship");
    const { checks } = faulty.server.added;
    expect(checks).toHaveLength(21);
    const pages = checks.slice(1);
    for (const { output } of pages) expect(output.summary.match(/^### /gm)?.length).toBe(50);
    expect(new Set(pages.flatMap(({ output }) => output.summary.match(/name="[^"]+"/g))).size).toBe(1_000);
    expect(pages.map(({ conclusion }) => conclusion)).toEqual([
      ...Array(7).fill("failure"),
      ...Array(13).fill("neutral"),
    ]);
    expect(faulty.server.requests.length).toBeLessThan(100);
    const whole = readFileSync(join(folder, "mergeml-artifacts/mergeml-full-report/report.md"), "utf8");
    expect(whole.match(/^### /gm)).toHaveLength(1_000);
    expect(whole).not.toContain("Left out");
  });

  it("of the merge queue is the check on its commit, and no comment", async () => {
    await using faulty = await start();
    const told = await publish(faulty, [same], { pullRequest: null });
    expect(told.outputs).toEqual({ verdict: "pass", comment: "none" });
    expect(faulty.server.added.checks).toMatchObject([{ name: "mergeml", head_sha: headSha, conclusion: "success" }]);
    expect(await comments(faulty)).toEqual([]);
  });

  it("takes the place of the check that has begun", async () => {
    await using faulty = await start();
    const begun = { name: "mergeml", headSha, title: "judging ccccccc …", summary: "Trained.", detailsUrl: runUrl };
    expect(await beginCheckRun(faulty.github, begun)).toBe("published");
    expect(await beginCheckRun(faulty.github, begun)).toBe("unchanged");
    expect(faulty.server.added.checks).toMatchObject([{ status: "in_progress", conclusion: null }]);
    await publish(faulty, [wrong]);
    expect(faulty.server.added.checks).toMatchObject([{ conclusion: "failure", annotations: [{ start_line: 4 }] }]);
    // Judged again: a new one, which has nothing of the verdict before.
    await beginCheckRun(faulty.github, begun);
    await publish(faulty, [same]);
    expect(faulty.server.added.checks).toMatchObject([
      { conclusion: "failure" },
      { conclusion: "success", annotations: [] },
    ]);
  });

  it("comments on failures alone where that is asked for, and brings such a comment up to date", async () => {
    await using faulty = await start();
    expect((await publish(faulty, [same], { comment: "on-failure" })).outputs.comment).toBe("none");
    expect((await publish(faulty, [wrong], { comment: "on-failure" })).outputs.comment).toBe("created");
    expect((await publish(faulty, [same], { comment: "on-failure" })).outputs.comment).toBe("updated");
    expect((await comments(faulty))[0]?.body).toContain("rent has nothing to deploy");
  });

  it("keeps a comment of the same verdicts where only changes are asked for", async () => {
    await using faulty = await start();
    const other = { ...wrong, problems: [{ message: "no such column" }] } as ReportEntry;
    expect((await publish(faulty, [wrong], { comment: "on-change" })).outputs.comment).toBe("created");
    expect((await publish(faulty, [other], { comment: "on-change" })).outputs.comment).toBe("unchanged");
    expect((await publish(faulty, [same], { comment: "on-change" })).outputs.comment).toBe("updated");
  });

  it("of a fork writes nothing", async () => {
    await using faulty = await start();
    const told = await publish(faulty, [same], { mayPublish: false });
    expect(told.outputs.comment).toBe("forbidden");
    expect(faulty.asked("/repos/octo/models/").filter((each) => !each.startsWith("GET"))).toEqual(["POST 201"]);
  });

  it.each([
    ["5xx", { status: 502 }],
    ["dropped connections", {}],
    ["a limit that outlasts our patience", { status: 403, headers: { "retry-after": "7200" } }],
    ["a refusal of the text", { status: 422 }],
  ])("whose comment is lost to %s still publishes its check, and its verdict stands", async (_title, fault) => {
    await using faulty = await start();
    faulty.server.fail({ method: "POST", path: /\/comments$/, times: 99, ...fault });
    const told = await publish(faulty, [same]);
    expect(told.outputs).toEqual({ verdict: "pass", comment: "lost" });
    expect(told.lines.join("\n")).toMatch(/warning: the comment was lost; the report is in the job's summary: GitHub/);
    expect(faulty.server.added.checks).toMatchObject([{ conclusion: "success" }]);
    expect(told.failure).toBeNull();
  });

  it("whose check is lost is red, so that what had begun is ended", async () => {
    await using faulty = await start();
    faulty.server.fail({ method: "POST", path: /\/check-runs$/, times: 99, status: 502 });
    const told = await publish(faulty, [same]);
    expect(told.outputs).toEqual({ verdict: "pass", comment: "created" });
    expect(told.failure).toBe("the check could not be written: run this job again");
  });

  it("that cannot be uploaded is still published", async () => {
    vi.stubEnv("GITHUB_SERVER_URL", "https://github.com");
    vi.stubEnv("ACTIONS_RUNTIME_TOKEN", "");
    await using faulty = await start();
    const told = await publish(faulty, [same]);
    expect(told.outputs.comment).toBe("created");
    expect(told.lines[0]).toMatch(
      /^warning: the full report is no artifact; it is in the job's summary: the artifact service failed: /,
    );
  });
});
