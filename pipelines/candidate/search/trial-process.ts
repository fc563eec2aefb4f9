import { flushCompileCache } from "node:module";
import { EnvironmentError } from "../../errors/expected-error.ts";
import {
  loadTrialRows,
  scoreTrial,
  type TrialJob,
  type TrialRows,
  type TrialScore,
  type TrialSetup,
} from "./score-trial.ts";

/** To the process: first the setup, then a job at a time. */
export type TrialRequest = { setup: TrialSetup } | { job: TrialJob };

/** From the process, one for each request. */
export type TrialReply =
  | { state: "ready" }
  | { state: "scored"; score: TrialScore }
  | { state: "failed"; message: string; stack: string; environment: { tried: string; safe: string } | null };

let rows: TrialRows | null = null;

process.on("message", (request: TrialRequest) => {
  answer(request).then(reply, (error: unknown) => reply(failure(error)));
});

async function answer(request: TrialRequest): Promise<TrialReply> {
  if ("setup" in request) {
    rows = await loadTrialRows(request.setup);
    return { state: "ready" };
  }
  return { state: "scored", score: await scoreTrial(rows!, request.job) };
}

function reply(message: TrialReply): void {
  process.send?.(message);
  flushCompileCache(); // it will be killed, and what was compiled is written at an ordinary end only
}

function failure(error: unknown): TrialReply {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const environment = error instanceof EnvironmentError ? { tried: error.tried, safe: error.safe } : null;
  return { state: "failed", message, stack, environment };
}

// The search ended or was killed: nobody waits for an answer any more.
process.on("disconnect", () => process.exit());
