import type { Clock } from "../../ports/clock.ts";

/** What time it is where a server is, as far as its answers told; ours before the first of them. */
export interface ServerClock extends Clock {
  /** Learns from the Date of an answer. */
  hear(headers: Headers): void;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  ahead(): number;
}

/** Who deletes by age must not do so by a wrong clock of its own: ages are told by the server's. */
export function openServerClock(clock: Clock): ServerClock {
  let ahead = 0;
  return {
    now: () => new Date(clock.now().getTime() + ahead),
    hear(headers) {
      const theirs = Date.parse(headers.get("date") ?? "");
      if (!Number.isNaN(theirs)) ahead = theirs - clock.now().getTime();
    },
    ahead: () => ahead,
  };
}
