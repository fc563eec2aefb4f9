import type { ScoredRegression } from "../../../pipelines/evaluation/scored.ts";
import { type Random, seededRandom } from "../../../pipelines/statistics/random.ts";

/** Numbers that the simulations draw, the same on every machine. */
export interface Draw {
  uniform(): number;
  normal(): number;
  /** Student's t with three degrees of freedom, of variance 1: heavy tails. */
  t3(): number;
}

/** The draws of one simulated project. */
export function drawFrom(seed: number): Draw {
  const random: Random = seededRandom(seed, 77);
  const uniform = () => random() / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const t3 = () => normal() / Math.sqrt(normal() ** 2 + normal() ** 2 + normal() ** 2);
  return { uniform, normal, t3 };
}

/** Predictions of zeros that are wrong by what `error` draws for each row. */
export function wrongBy(rows: number, error: (row: number) => number): ScoredRegression {
  return {
    rows,
    actual: new Float64Array(rows),
    predicted: Float64Array.from({ length: rows }, (_, row) => error(row)),
  };
}

/** How often something came about. */
export interface ErrorRate {
  hits: number;
  of: number;
}

/** Runs `hit` for the seeds 1 to `of`. */
export function rateOf(of: number, hit: (seed: number) => boolean): ErrorRate {
  let hits = 0;
  for (let seed = 1; seed <= of; seed++) if (hit(seed)) hits += 1;
  return { hits, of };
}

export function shareOf({ hits, of }: ErrorRate): number {
  return hits / of;
}
