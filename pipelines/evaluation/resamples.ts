import { below, seededRandom } from "../statistics/random.ts";

/** How often each cell was drawn, for a number of replicates: the multinomial weights of Efron's bootstrap. */
export interface Resamples {
  replicates: number;
  /** [replicates, cells] row-major; drawn once per number of cells, so that slices of one size share the draws. */
  weights(cells: number): Uint16Array;
}

/** Draws `cells` times from `cells` with replacement, `replicates` times. The same seed gives the same draws. */
export function drawResamples(seed: number, replicates: number): Resamples {
  const drawn = new Map<number, Uint16Array>();
  return {
    replicates,
    weights(cells) {
      const known = drawn.get(cells);
      if (known) return known;
      const weights = draw(seed, replicates, cells);
      drawn.set(cells, weights);
      return weights;
    },
  };
}

function draw(seed: number, replicates: number, cells: number): Uint16Array {
  const random = seededRandom(seed, cells);
  const weights = new Uint16Array(replicates * cells);
  for (let start = 0; start < weights.length; start += cells) {
    for (let draws = 0; draws < cells; draws++) weights[start + below(random, cells)]! += 1;
  }
  return weights;
}
