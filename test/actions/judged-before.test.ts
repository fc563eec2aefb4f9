import { describe, expect, it } from "vitest";
import type { Action } from "../../actions/shared/action.ts";
import { openJudgedBefore } from "../../actions/shared/judged-before.ts";
import { reportMarker } from "../../actions/shared/report-comment.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { candidate, modelConfig } from "../report/builders.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const remembered = { sha256: "a".repeat(16), definition: "b".repeat(16), train: "c".repeat(16), test: "d".repeat(16) };
const body = `${reportMarker("")}\n<!-- mergeml:candidates ${JSON.stringify({ rent: remembered })} -->\n## mergeml`;

/** What is remembered of a model whose pull request is named. */
function ask(faulty: FaultyGitHub, warnings: string[] = [], model = "rent") {
  const record = candidate(modelConfig(model));
  return openJudgedBefore(actionOf(faulty, warnings), undefined as never)(record);
}

function actionOf({ github }: FaultyGitHub, warnings: string[]): Action {
  const unused = () => {
    throw new Error("not used here");
  };
  return {
    env: {},
    log: { ...silentLog, warn: (line) => warnings.push(line) },
    input: (name) => (name === "pull-request" ? "1" : ""),
    list: unused,
    flag: unused,
    output: unused,
    context: async () => github.context,
    github: async () => github,
    workspace: unused,
    fail: unused,
  };
}

async function start(who: "bot" | "visitor"): Promise<FaultyGitHub> {
  const faulty = await startFaultyGitHub();
  await faulty.server.ask("POST", "/repos/octo/models/issues", { title: "A better model" });
  if (who === "visitor") await faulty.server.ask("POST", "/repos/octo/models/issues/1/comments", { body }, "visitor");
  else await faulty.github.octokit.rest.issues.createComment({ owner: "octo", repo: "models", issue_number: 1, body });
  return faulty;
}

describe("what a deploy asks of the pull request's comment", () => {
  it("are the candidates that were judged", async () => {
    await using faulty = await start("bot");
    expect(await ask(faulty)).toEqual({ pullRequest: 1, candidate: remembered });
    expect(await ask(faulty, [], "price")).toEqual({ pullRequest: 1, candidate: null });
  });

  it("is not believed from a person", async () => {
    await using faulty = await start("visitor");
    expect((await ask(faulty)).candidate).toBeNull();
  });

  it.each([
    ["5xx", { status: 502 }],
    ["dropped connections", {}],
    ["a rate limit", { status: 429, headers: { "retry-after": "9000" } }],
    ["a missing permission", { status: 403 }],
  ])("is done without when it is lost to %s", async (_title, fault) => {
    await using faulty = await start("bot");
    faulty.server.fail({ method: "GET", path: /\/comments/, times: 99, ...fault });
    const warnings: string[] = [];
    expect(await ask(faulty, warnings)).toEqual({ pullRequest: 1, candidate: null });
    expect(warnings).toEqual([expect.stringMatching(/^the pull request of rent cannot be looked up: /)]);
  });
});
