import type { Clock, Log, Step } from "../ports/host.ts";

/** Nothing is said of what takes less. */
const longSeconds = 120;
/** An estimate from less time is mostly about how work begins: threads start, code warms up. */
const soonestSeconds = 5;

export interface Foresight {
  clock: Clock;
  log: Log;
  /** What would make it shorter, e.g. `fewer trees`. */
  shorter: string;
  /** How much is done at the beginning, where work begins at once; else the first sign of progress is the beginning. */
  done?: number;
}

/**
 * A step that says once, some seconds after its first sign of progress, when the whole would take minutes at this pace. It only
 * tells: what is computed does not depend on the clock.
 */
export function foreseen(step: Step, { clock, log, shorter, done }: Foresight): Step {
  const now = () => clock.now().getTime() / 1000;
  let first = done === undefined ? null : { fraction: done, at: now() };
  let told = false;
  const foresee = (fraction: number) => {
    const at = now();
    first ??= { fraction, at };
    const [seconds, share] = [at - first.at, fraction - first.fraction];
    if (seconds < soonestSeconds || share <= 0) return;
    told = true;
    const whole = seconds / share;
    if (whole < longSeconds) return;
    const progress = `${Number((fraction * 100).toPrecision(2))}%`;
    log.warn(`this will take about ${durationText(whole)} (${progress} is done). Shorter: ${shorter}`);
  };
  return {
    update(fraction, detail) {
      if (fraction !== null && !told) foresee(fraction);
      step.update(fraction, detail);
    },
  };
}

function durationText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${(seconds / 3600).toPrecision(2)} hours`;
}
