import type { Answer } from "./answer.ts";
import { problem } from "./answer.ts";

/** Makes matching requests fail. */
export interface Fault {
  method: string;
  path: RegExp;
  /** How many requests; 1 by default. */
  times?: number;
  /** What is answered; without it the connection is dropped. */
  status?: number;
  headers?: Record<string, string>;
  message?: string;
  /** `before` GitHub does anything (the default), or `after` it was done, so that only the answer is lost. */
  when?: "before" | "after";
}

/** The faults that are still to come. */
export interface Faults {
  add(fault: Fault): void;
  /** The next fault of a request, which is used up by this; null when it goes well. */
  take(method: string, url: string): Fault | null;
  /** What was asked for and never happened. */
  left(): readonly Fault[];
}

export function pendingFaults(): Faults {
  let pending: (Fault & { times: number })[] = [];
  return {
    add: (fault) => pending.push({ times: 1, ...fault }),
    take(method, url) {
      const fault = pending.find((each) => each.method === method && each.path.test(url));
      if (!fault) return null;
      fault.times -= 1;
      pending = pending.filter(({ times }) => times > 0);
      return fault;
    },
    left: () => pending,
  };
}

/** null: the connection is dropped. */
export function faultAnswer({ status, headers = {}, message = "a fault" }: Fault): Answer | null {
  return status === undefined ? null : { ...problem(status, message), headers };
}
