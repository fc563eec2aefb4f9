/** The time, passed in so that nothing below the entry reads the wall clock. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** What mergeml was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether this is a job of a CI service: its repository may hold what a stranger wrote, and its machine is gone afterwards. */
export function isCi({ CI }: Environment): boolean {
  return CI !== undefined && CI !== "" && CI !== "false" && CI !== "0";
}

/** One piece of long work, shown as a bar on a terminal and as plain lines elsewhere. */
export interface Step {
  /** `fraction` in 0..1, or null when the end is not known; `detail` is a short text such as `74/100  rmse 28.91`. */
  update(fraction: number | null, detail?: string): void;
}

/** Where the core says what it does. It never writes to stdout by itself. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  /** Starts a titled step; the step ends when the returned promise settles, with `done` telling the closing text. */
  step<T>(title: string, work: (step: Step) => Promise<T>, done?: (result: T) => string): Promise<T>;
}

/** For tests and for callers that want no output. */
export const silentLog: Log = {
  info() {},
  warn() {},
  step: (_title, work) => work({ update() {} }),
};
