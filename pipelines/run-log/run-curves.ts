import { matchNumbers } from "../statistics/format-number.ts";
import { evenlySpread, sparkBars } from "../statistics/spark-bars.ts";
import type { TrainingCurve } from "../training/trainer.ts";

/** Points of each curve, and curves, that a record keeps. */
const mostPoints = 50;
export const mostCurves = 6;

/** Curves short enough for a record that is kept forever: evenly spread points, the first and the last among them, of six digits. */
export function shortCurves(curves: readonly TrainingCurve[]): TrainingCurve[] {
  return curves.slice(0, mostCurves).flatMap(({ metric, steps, values }) => {
    const points = values.flatMap((value, at) =>
      Number.isFinite(value) ? [[Math.round(steps[at] ?? at), value]] : [],
    );
    const kept = evenlySpread(points, mostPoints);
    if (kept.length === 0) return [];
    const [keptSteps, keptValues] = [kept.map(([step]) => step!), kept.map(([, value]) => shortNumber(value!))];
    return [{ metric: metric.slice(0, 200), steps: keptSteps, values: keptValues }];
  });
}

/** A curve as one line of a terminal's table: its name, steps, first and last value, and how it went between them. */
export function curveLine({ metric, steps, values }: TrainingCurve): string[] {
  const numbers = matchNumbers(values);
  const [first, last] = [values[0], values.at(-1)].map((value) => numbers.value(value ?? null));
  return [metric, `${steps[0] ?? 0} to ${steps.at(-1) ?? 0}`, first!, last!, sparkBars(values)];
}

function shortNumber(value: number): number {
  return Number(value.toPrecision(6));
}
