import { expect, test } from "vitest";
import { foreseen } from "../../pipelines/candidate/foresee.ts";
import { silentLog } from "../../pipelines/ports/host.ts";

/** What is said of work whose progress is told at these seconds. */
function said(progress: readonly (readonly [second: number, fraction: number | null])[], done?: number): string[] {
  const warnings: string[] = [];
  let second = 0;
  const clock = { now: () => new Date(second * 1000) };
  const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
  const updates: (number | null)[] = [];
  const step = foreseen(
    { update: (fraction) => updates.push(fraction) },
    { clock, log, shorter: "fewer trees", ...(done === undefined ? {} : { done }) },
  );
  for (const [at, fraction] of progress) {
    second = at;
    step.update(fraction);
  }
  expect(updates).toEqual(progress.map(([, fraction]) => fraction));
  return warnings;
}

const pace = (seconds: number, every: number) =>
  Array.from(
    { length: Math.min(100, Math.floor(seconds / every)) },
    (_, i) => [3 + (i + 1) * every, ((i + 1) * every) / seconds] as const,
  );

test("a fit of 1,000 s is told once, after some seconds, with what makes it shorter", () => {
  expect(said(pace(1000, 1))).toEqual(["this will take about 17 minutes (0.6% is done). Shorter: fewer trees"]);
});

test.each([
  ["a minute", pace(60, 1), []],
  ["one step that is the whole", [[900, 1]] as const, []],
  [
    "no sign of progress",
    [
      [0, null],
      [900, null],
    ] as const,
    [],
  ],
  ["ten hours", pace(36_000, 60), ["this will take about 10 hours (0.33% is done). Shorter: fewer trees"]],
])("%s", (_, progress, warnings) => {
  expect(said(progress)).toEqual(warnings);
});

test("work that begins at once is judged by its first part", () => {
  expect(said([[100, 0.1]], 0)).toEqual(["this will take about 17 minutes (10% is done). Shorter: fewer trees"]);
});
