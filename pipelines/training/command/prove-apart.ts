import { fork } from "node:child_process";
import { once } from "node:events";
import type { Table } from "../../data/table.ts";
import { type Problem, UserError } from "../../errors/user-error.ts";
import { compileCacheEnvironment } from "../../process/compile-cache.ts";
import type { Parity } from "../onnx/parity.ts";
import { type ProofRows, proofRows } from "./proof-rows.ts";

/** To the process, once. */
export interface ProofRequest {
  onnx: Uint8Array;
  rows: ProofRows;
}

/** From the process, once. */
export type ProofReply = { parity: Parity } | { problems: readonly Problem[] } | { failed: string };

/** A model that needs longer for some 20,000 rows is of no use to a gate. Seconds. */
const longest = 600;

/**
 * Proves a model in a process of its own, because a graph may loop for ever, take all memory or crash the runtime. Throws
 * UserError for these as for all that `proveModel` finds, after `seconds` or ten minutes at the latest.
 */
export async function proveApart(
  onnx: Uint8Array,
  table: Pick<Table, "features" | "target">,
  seconds: number,
): Promise<Parity> {
  const limit = Math.min(seconds, longest);
  const child = fork(new URL("./prove-process.ts", import.meta.url), {
    execArgv: [],
    env: compileCacheEnvironment(),
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
  const signal = AbortSignal.timeout(limit * 1000);
  let reply: ProofReply | null = null;
  child.on("message", (message: ProofReply) => {
    reply = message;
  });
  const ended = once(child, "close", { signal });
  try {
    child.send({ onnx, rows: proofRows(table) } satisfies ProofRequest, () => {});
    await ended;
  } catch (cause) {
    if (signal.aborted) throw endless(limit, cause);
    throw cause;
  } finally {
    child.kill("SIGKILL");
  }
  return parityOf(reply, child.signalCode ?? `exit code ${child.exitCode}`);
}

function parityOf(reply: ProofReply | null, end: string): Parity {
  if (!reply) {
    const message = `The program's model.onnx ended the process that scored it (${end}).`;
    const hint = "it takes more memory than there is, or crashes ONNX Runtime; try it on some 4,000 rows";
    throw new UserError({ message, hint, key: "params.run" });
  }
  if ("problems" in reply) throw new UserError(reply.problems);
  if ("failed" in reply) throw new Error(`A program's model could not be proved: ${reply.failed}`);
  return reply.parity;
}

function endless(seconds: number, cause: unknown): UserError {
  const message = `The program's model.onnx did not score some 20,000 rows in ${Number(seconds.toPrecision(3))} seconds.`;
  const hint = "a loop in its graph may have no end; the gate scores every test row with it";
  return new UserError({ message, hint, key: "params.run" }, { cause });
}
