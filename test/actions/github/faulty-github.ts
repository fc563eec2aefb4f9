import { type ClientOptions, type GitHub, openGitHub } from "../../../actions/shared/github/client.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { startGitHub, type TestGitHub } from "../../github/github-server.ts";

export const now = new Date("2026-03-01T12:00:00Z");

/** A client at a GitHub that fails on demand. No second passes: `waits` has what would have been waited for. */
export interface FaultyGitHub extends AsyncDisposable {
  server: TestGitHub;
  github: GitHub;
  waits: number[];
  told: string[];
  /** Another client of the same server. */
  open(changes?: Partial<ClientOptions>): Promise<GitHub>;
  /** `POST 201`, … of requests whose path contains `part`, as GitHub saw them; 0 for a dropped connection. */
  asked(part: string): string[];
}

export async function startFaultyGitHub(): Promise<FaultyGitHub> {
  const server = await startGitHub({ owner: "octo", repo: "models" });
  const [waits, told]: [number[], string[]] = [[], []];
  const open = (changes: Partial<ClientOptions> = {}) =>
    openGitHub({
      context: contextAt(server.url),
      token: server.token,
      log: { ...silentLog, info: (text) => told.push(text) },
      clock: { now: () => now },
      sleep: async (seconds) => waits.push(seconds),
      paced: false,
      ...changes,
    });
  return {
    server,
    github: await open(),
    waits,
    told,
    open,
    asked: (part) =>
      server.requests.flatMap(({ method, path, status }) => (path.includes(part) ? [`${method} ${status}`] : [])),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function contextAt(apiUrl: string): GitHub["context"] {
  return {
    apiUrl,
    serverUrl: "https://github.example.org",
    owner: "octo",
    repo: "models",
    sha: "a".repeat(40),
    eventName: "push",
    runId: 7,
    runUrl: "https://github.example.org/octo/models/actions/runs/7",
    checkWorkflow: "model-pr.yml",
    pullRequest: null,
    mergeGroup: null,
    workflowRun: null,
  };
}
