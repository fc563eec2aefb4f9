import type { Clock } from "../../../pipelines/ports/clock.ts";
import type { Log } from "../../../pipelines/ports/log.ts";
import { isPassing, isRateLimit, isUnsent, lostAnswer, secondsAsked, unreachable } from "./failure.ts";

/** How long a request may be waited for. */
export interface Patience {
  clock: Clock;
  sleep: (seconds: number) => Promise<unknown>;
  log: Log;
  /** The longest single wait. */
  seconds: number;
}

interface Asked {
  method: string;
  url: string;
  /** `once` for a request that adds something although its method says otherwise. */
  request?: { [key: string]: unknown; once?: boolean };
}

const attempts = 3;

/** What GitHub asks for when a secondary limit names no time; it doubles each time. */
const unnamedLimitSeconds = 60;

/** Methods whose repetition changes nothing more. A POST is not among them: its lost answer may hide a success. */
const repeatable = new Set(["GET", "HEAD", "PATCH", "PUT", "DELETE"]);

/**
 * Sends a request, again after a rate limit (which means that nothing was done), and again after 5xx or a lost connection
 * when that cannot do anything twice. Throws LostAnswer when it could, EnvironmentError when patience ends.
 */
export async function repeated<T>(asked: Asked, patience: Patience, send: () => Promise<T>): Promise<T> {
  const name = `${asked.method} ${asked.url}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const limited = isRateLimit(error);
      if (!limited && !isPassing(error)) throw error;
      const isSafe = limited || isUnsent(error) || (repeatable.has(asked.method) && !asked.request?.once);
      if (!isSafe) throw lostAnswer(error, name);
      const named = secondsAsked(error, patience.clock.now());
      const seconds = named ?? (limited ? unnamedLimitSeconds * 2 ** (attempt - 1) : attempt ** 2);
      const givesUp = attempt >= attempts || seconds > patience.seconds;
      const cause = limited ? "GitHub's rate limit" : "GitHub did not answer";
      patience.log.info(`${cause}: ${givesUp ? `giving up, ${seconds} s more` : `trying again in ${seconds} s`}`);
      if (givesUp) throw unreachable(error, limited ? `${name}, then waiting for the rate limit` : name);
      await patience.sleep(seconds);
    }
  }
}
