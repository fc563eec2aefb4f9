import { canonicalJson, type Json } from "../../config/canonical-json.ts";
import type { SearchConfig, SearchRange } from "../../config/model-config.ts";
import { compareCodePoints } from "../../data/code-point-order.ts";
import { below, type Random, seededRandom } from "../../statistics/random.ts";
import type { Params, TrialRecord } from "./score-trial.ts";

/** A stream of the seed that nothing else draws from. */
const drawStream = 101;

/** Draws per wanted trial before a small space counts as exhausted. */
const patience = 50;

type Space = readonly (readonly [name: string, choices: readonly Json[] | SearchRange])[];

/**
 * The params to try: every combination of a grid (params by name, the last one changing fastest), or `trials` different
 * random ones, fewer when the space has fewer. A function of the search and the seed; more trials begin with the same ones.
 */
export function drawTrials({ method, space, trials }: SearchConfig, seed: number): Params[] {
  const sorted = Object.entries(space).sort(([a], [b]) => compareCodePoints(a, b));
  return method === "grid" ? everyCombination(sorted) : randomCombinations(sorted, trials, seed);
}

function everyCombination(space: Space): Params[] {
  return space.reduce<Params[]>(
    (drawn, [name, choices]) =>
      drawn.flatMap((params) => (choices as readonly Json[]).map((value) => ({ ...params, [name]: value }))),
    [{}],
  );
}

function randomCombinations(space: Space, trials: number, seed: number): Params[] {
  const random = seededRandom(seed, drawStream);
  const drawn = new Map<string, Params>();
  for (let draw = 0; draw < trials * patience && drawn.size < trials; draw += 1) {
    const params = Object.fromEntries(space.map(([name, choices]) => [name, drawOne(choices, random)]));
    const text = canonicalJson(params);
    if (!drawn.has(text)) drawn.set(text, params);
  }
  return [...drawn.values()];
}

function drawOne(choices: readonly Json[] | SearchRange, random: Random): Json {
  if (!("min" in choices)) return choices[below(random, choices.length)]!;
  const { scale, integer } = choices;
  const share = random() / 2 ** 32;
  const [min, max] = integer ? [Math.ceil(choices.min), Math.floor(choices.max)] : [choices.min, choices.max];
  const value = scale === "log" ? logarithmic(min, max, share) : linear(min, max, share, integer);
  return Math.min(max, Math.max(min, integer ? Math.round(value) : rounded(value)));
}

function logarithmic(min: number, max: number, share: number): number {
  return Math.exp(Math.log(min) + share * (Math.log(max) - Math.log(min)));
}

/** Every whole number is as likely as any other. */
function linear(min: number, max: number, share: number, integer: boolean): number {
  return integer ? min + Math.floor(share * (max - min + 1)) : min + share * (max - min);
}

/** Four digits read well, and no last digit of a logarithm can differ between machines. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** A trial with its place in the order in which all were drawn, from 1. */
export interface NumberedTrial extends TrialRecord {
  number: number;
}

/** The first `most` trials in the order in which they were drawn, and always the one whose params the model has. */
export function fewTrials(trials: readonly (TrialRecord & { number?: number })[], most: number): NumberedTrial[] {
  const numbered = trials.map((trial, at) => ({ ...trial, number: trial.number ?? at + 1 }));
  const first = numbered.slice(0, most);
  const winner = numbered.slice(most).find((trial) => trial.winner);
  return winner ? [...first.slice(0, -1), winner] : first;
}
