import type { Random } from "../../../pipelines/statistics/random.ts";

/** A column to draw rows of. `shift` 0 draws what the reference is of; 1 draws the drift that must be found. */
export interface DrawnColumn {
  name: string;
  kind: "numeric" | "category";
  /** A value, or the code of a category; NaN for missing. */
  draw(random: Random, shift: number): number;
  /** What a unit of the column does to the prediction. */
  effect(value: number): number;
}

const drift = 0.3;

/** Uniform in (0, 1). */
function uniform(random: Random): number {
  return (random() + 0.5) / 4294967296;
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** A number whose shift is 0.3 of its standard deviation. */
function numbers(name: string, deviation: number, value: (random: Random) => number): DrawnColumn {
  return {
    name,
    kind: "numeric",
    draw: (random, shift) => value(random) + shift * drift * deviation,
    effect: (each) => each / deviation,
  };
}

function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(random); product > limit; product *= uniform(random)) count += 1;
  return count;
}

/** Categories of which 10 points of share move from the first to the last that is listed. */
function categories(name: string, shares: readonly number[]): DrawnColumn {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const before = shares.map((share) => share / total);
  const after = before.map((share, at) => share + (at === 0 ? -0.1 : at === before.length - 1 ? 0.1 : 0));
  const [bounds, moved] = [before, after].map(cumulative) as [number[], number[]];
  return {
    name,
    kind: "category",
    draw(random, shift) {
      const at = uniform(random);
      const found = (shift > 0 ? moved : bounds).findIndex((bound) => at < bound);
      return found < 0 ? shares.length - 1 : found;
    },
    effect: (code) => ((code * 7919) % 13) / 6 - 1,
  };
}

function cumulative(shares: readonly number[]): number[] {
  let sum = 0;
  return shares.map((share) => (sum += share));
}

function withMissing(column: DrawnColumn, share: number): DrawnColumn {
  return {
    ...column,
    name: `${column.name}, ${share * 100}% missing`,
    draw: (random, shift) => (uniform(random) < share ? Number.NaN : column.draw(random, shift)),
    effect: (value) => (Number.isNaN(value) ? 0 : column.effect(value)),
  };
}

const zipf = (count: number) => Array.from({ length: count }, (_, at) => 1 / (at + 1));

/** Ten kinds, of which a model with 20 columns has two each. */
export const columnKinds: readonly DrawnColumn[] = [
  numbers("normal", 1, normal),
  categories("2 categories 70/30", [0.7, 0.3]),
  numbers("log-normal", Math.sqrt((Math.E - 1) * Math.E), (random) => Math.exp(normal(random))),
  categories("5 categories", [0.4, 0.25, 0.2, 0.1, 0.05]),
  {
    name: "counts (Poisson 3)",
    kind: "numeric",
    draw: (random, shift) => poisson(random, 3 + shift * drift * Math.sqrt(3)),
    effect: (each) => each / Math.sqrt(3),
  },
  withMissing(numbers("normal", 1, normal), 0.1),
  categories("20 categories (Zipf)", zipf(20)),
  numbers("exponential", 1, (random) => -Math.log(uniform(random))),
  withMissing(categories("3 categories 60/30/10", [0.6, 0.3, 0.1]), 0.1),
  categories("200 categories (Zipf)", zipf(200)),
];
