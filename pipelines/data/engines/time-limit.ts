import type { Session } from "./session.ts";

/** Keeps interrupting once the time is up, because an interrupt between two phases of a query is lost. */
export function interruptAfter(
  session: Pick<Session, "interrupt">,
  seconds: number,
): { reached(): boolean; stop(): void } {
  let reached = false;
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    reached = true;
    session.interrupt();
  };
  const first = setTimeout(
    () => {
      interrupt();
      again = setInterval(interrupt, 100);
    },
    Math.min(seconds * 1000, 2 ** 31 - 1),
  );
  return {
    reached: () => reached,
    stop() {
      clearTimeout(first);
      clearInterval(again);
    },
  };
}
