import { powerOfTwoBelow } from "./fixed-point.ts";
import { OP } from "./shard.ts";
import type { Team } from "./team.ts";

/** How far below the first gradients' precision it is worth to follow shrinking ones. */
const FINEST = 2 ** 40;

/** Shards keep gradients as such. */
const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * Has the shards compute the gradients of `output` in fixed point and gives the scale used: the finest power of two for
 * which no sum of them reaches half a `countWeight` or leaves int32, within a factor of 8. It is searched from `guess`, the last round's.
 */
export async function deriveAtBestScale(
  team: Team,
  output: number,
  guess: number,
  limits: { countWeight: number; first: number },
): Promise<number> {
  const room = Math.min(limits.countWeight / 2, LARGEST_INT32);
  const finest = limits.first * FINEST;
  let scale = guess;
  for (;;) {
    await team.run(OP.derive, output, scale);
    const sum = team.result(0);
    const isFine = sum * 8 >= room || scale >= finest;
    if (sum < room && isFine) return scale;
    // After a coarse guess the sum may be all rounded away, hence the bound on one leap.
    const next = powerOfTwoBelow((scale * room) / 2 / Math.max(sum, room / 2 ** 20));
    scale = Math.min(next, finest);
  }
}
