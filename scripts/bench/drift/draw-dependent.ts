import { type Random, seededRandom } from "../../../pipelines/statistics/random.ts";
import { normal } from "./draw-columns.ts";
import type { SimulatedScores } from "./simulate.ts";

/** How rows of a simulated feed depend on each other; nothing in it drifts. */
export interface Dependence {
  name: string;
  /** So many equal rows each. */
  repeated: number;
  /** What all rows of a day have in common, in standard deviations of a row, and how much of it stays to the next day. */
  day: number;
  stays: number;
  /** How far Saturdays and Sundays are from the other days; they have half of the rows. */
  weekend: number;
}

const none = { repeated: 1, day: 0, stays: 0, weekend: 0 };

export const dependences: readonly Dependence[] = [
  { ...none, name: "independent rows" },
  { ...none, name: "groups of 3 equal rows", repeated: 3 },
  { ...none, name: "groups of 10 equal rows", repeated: 10 },
  { ...none, name: "day effects of 0.1 sd", day: 0.1 },
  { ...none, name: "day effects of 0.3 sd", day: 0.3 },
  { ...none, name: "AR(1) days of 0.2 sd, 0.6 from day to day", day: 0.2, stays: 0.6 },
  { ...none, name: "weekly season of 0.5 sd", weekend: 0.5 },
];

/** Columns are thresholds or bends of a normal number, so that one effect moves all kinds. */
export const dependentKinds = ["normal", "log-normal", "categories", "counts", "normal"] as const;

const categoryBounds = [-0.25, 0.4, 1.05, 1.6];
const weights = [0.4, 0.3, 0.2, 0.06, 0.04];

function drawnValue(kind: (typeof dependentKinds)[number], latent: number): number {
  if (kind === "log-normal") return Math.exp(latent);
  if (kind === "categories") return categoryBounds.filter((bound) => latent > bound).length;
  return kind === "counts" ? Math.max(0, Math.round(3 + 1.7 * latent)) : latent;
}

/** One feed of a simulated model, week by week. */
export class Feed {
  readonly #dependence: Dependence;
  readonly #random: Random;
  readonly #rows: number;
  /** Of each column, what its rows of the day have in common. */
  readonly #effects = dependentKinds.map(() => 0);

  constructor(dependence: Dependence, rowsOfWeek: number, seed: number) {
    this.#dependence = dependence;
    this.#rows = rowsOfWeek;
    this.#random = seededRandom(seed, 23);
    for (const [at] of dependentKinds.entries()) this.#effects[at] = dependence.day * normal(this.#random);
  }

  /** The next week; its first column is shifted, in standard deviations. */
  week(shift = 0): SimulatedScores {
    const latents: number[][] = [];
    const noise: number[] = [];
    for (let day = 0; day < 7; day++) this.#addDay(day, shift, { latents, noise });
    const rows = dependentKinds.map((kind, at) => Float64Array.from(latents, (each) => drawnValue(kind, each[at]!)));
    const predictions = Float64Array.from(latents, (each) =>
      Math.tanh(each.reduce((sum, latent, at) => sum + weights[at]! * latent, 0)),
    );
    const outcomes = predictions.map((each, at) => each + 0.2 * noise[at]!);
    return { rows, predictions, outcomes };
  }

  #addDay(day: number, shift: number, into: { latents: number[][]; noise: number[] }): void {
    const { repeated, day: sd, stays, weekend } = this.#dependence;
    const random = this.#random;
    for (const [at, effect] of this.#effects.entries())
      this.#effects[at] = stays * effect + sd * Math.sqrt(1 - stays * stays) * normal(random);
    const isWeekend = day >= 5 && weekend > 0;
    const count = Math.round(this.#rows / (isWeekend ? 14 : 7) / repeated);
    for (let row = 0; row < count; row++) {
      const latent = this.#effects.map(
        (effect, at) => normal(random) + effect + (isWeekend ? weekend : 0) + (at === 0 ? shift : 0),
      );
      const error = normal(random);
      for (let copy = 0; copy < repeated; copy++) {
        into.latents.push(latent);
        into.noise.push(error);
      }
    }
  }
}

/** Weeks put together. */
export function joined(weeks: readonly SimulatedScores[]): SimulatedScores {
  const all = (of: (week: SimulatedScores) => Float64Array) => {
    const parts = weeks.map(of);
    const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let from = 0;
    for (const part of parts) {
      values.set(part, from);
      from += part.length;
    }
    return values;
  };
  return {
    rows: dependentKinds.map((_, at) => all(({ rows }) => rows[at]!)),
    predictions: all(({ predictions }) => predictions),
    outcomes: all(({ outcomes }) => outcomes),
  };
}
