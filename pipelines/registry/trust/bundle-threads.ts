import { Worker } from "node:worker_threads";
import { type Problem, UserError } from "../../errors/expected-error.ts";
import type { SignedStatement } from "./check-bundle.ts";
import type { TrustPolicy } from "./trust-policy.ts";
import type { RootFile } from "./trusted-root.ts";
import { type Doubt, UntrustedError } from "./untrusted-error.ts";

/** A policy as a thread gets it. */
export interface ThreadPolicy extends Omit<TrustPolicy, "root" | "material"> {
  root: RootFile;
}

/** What a thread is asked. */
export interface BundleRequest {
  id: number;
  what: string;
  content: Uint8Array;
}

/** What it answers: who signed, or why it is not trusted, or what is wrong with the policy's own files. */
export type BundleAnswer =
  | { id: number; signed: SignedStatement }
  | { id: number; doubt: Doubt }
  | { id: number; problems: readonly Problem[] }
  | { id: number; bug: string };

/** Threads that check bundles by one policy, each its share. */
export interface BundleThreads extends AsyncDisposable {
  check(content: Uint8Array, what: string): Promise<SignedStatement>;
}

/** Starts so many. A thread that ends by itself fails what it was asked. */
export function startBundleThreads(policy: ThreadPolicy, count: number): BundleThreads {
  const threads = Array.from({ length: count }, () => startThread(policy));
  return {
    check(content, what) {
      const [idlest] = threads.toSorted((one, other) => one.waiting() - other.waiting());
      return idlest!.check(content, what);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(policy: ThreadPolicy) {
  const worker = new Worker(new URL("./bundle-thread.ts", import.meta.url), { workerData: policy });
  const asked = new Map<number, PromiseWithResolvers<SignedStatement> & { what: string }>();
  let [next, ended] = [0, null as Error | null];
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of asked.values()) reject(ended);
    asked.clear();
  };
  worker.on("message", (answer: BundleAnswer) => {
    const { what, resolve, reject } = asked.get(answer.id)!;
    asked.delete(answer.id);
    if ("signed" in answer) resolve(answer.signed);
    else reject(errorOf(answer, what));
  });
  worker.on("error", end);
  worker.on("exit", () => end(new Error("a thread that checks signatures has ended")));
  const check = (content: Uint8Array, what: string) => {
    if (ended) return Promise.reject(ended);
    const waiting = { ...Promise.withResolvers<SignedStatement>(), what };
    asked.set(next, waiting);
    // A copy: what git gave is a piece of something larger, all of which would go along.
    const request: BundleRequest = { id: next++, what, content: new Uint8Array(content) };
    worker.postMessage(request, [request.content.buffer as ArrayBuffer]);
    return waiting.promise;
  };
  return { worker, waiting: () => asked.size, check };
}

function errorOf(answer: Exclude<BundleAnswer, { signed: SignedStatement }>, what: string): Error {
  if ("doubt" in answer) return new UntrustedError(what, answer.doubt);
  return "problems" in answer ? new UserError(answer.problems) : new Error(answer.bug);
}
