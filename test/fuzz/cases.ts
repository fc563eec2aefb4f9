import { below, type Random, seededRandom } from "../../pipelines/statistics/random.ts";

/** Cases of all fuzzers together; FUZZ_CASES=1000000 looks deeper. */
const total = Number(process.env.FUZZ_CASES ?? 11_000);
/** The same cases on every run; FUZZ_SEED=$RANDOM looks for others. */
const seed = Number(process.env.FUZZ_SEED ?? 20_261_127);

/** Room for a machine that has other things to do: a case takes a few milliseconds. */
export const fuzzTimeout = 120_000 + total * 60;

/**
 * Calls `check` with the random numbers of each case; `share` of all cases fall to this fuzzer. Throws the first failure with
 * the number of the case, whose random numbers do not depend on the cases before.
 */
export async function fuzz(share: number, check: (random: Random, at: number) => unknown): Promise<void> {
  const cases = Math.ceil(total * share);
  for (let at = 0; at < cases; at++) {
    try {
      await check(seededRandom(seed, at), at);
    } catch (cause) {
      throw new Error(`case ${at} of seed ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)]!;
}

/** True in one of `many` cases. */
export function rarely(random: Random, many: number): boolean {
  return below(random, many) === 0;
}

/** A text applied so many edits, most often one or two. */
export function edited<T>(random: Random, value: T, edit: (random: Random, value: T) => T): T {
  let now = value;
  for (let left = 1 + below(random, 1 + below(random, 6)); left > 0; left--) now = edit(random, now);
  return now;
}
