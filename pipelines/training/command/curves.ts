import type { TrainingCurve } from "../trainer.ts";

const point =
  /^([A-Za-z_][A-Za-z0-9_./-]{0,49})=([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?|[+-]?(?:nan|inf(?:inity)?))@(\d{1,12})$/i;

/** More would swell the record without showing more. */
const mostCurves = 20;
const mostPoints = 10_000;

/** Collects the training curves that a program prints, one `metric=value@step` a line. */
export class CurveReader {
  readonly #curves = new Map<string, Map<number, number>>();
  #dropped = 0;

  /** Whether the line was a point of a curve. A step that comes again replaces the earlier one; values that are not finite are left out. */
  read(line: string): boolean {
    const [, metric, written, step] = point.exec(line.trim()) ?? [];
    if (metric === undefined || step === undefined) return false;
    const value = Number(written);
    if (Number.isFinite(value)) this.#add(metric, Number(step), value);
    return true;
  }

  /** Points beyond what a record keeps. */
  get dropped(): number {
    return this.#dropped;
  }

  /** By metric in order of appearance, each by step. */
  get curves(): readonly TrainingCurve[] {
    return [...this.#curves].map(([metric, points]) => {
      const sorted = [...points].sort(([a], [b]) => a - b);
      return { metric, steps: sorted.map(([step]) => step), values: sorted.map(([, value]) => value) };
    });
  }

  #add(metric: string, step: number, value: number): void {
    let points = this.#curves.get(metric);
    if (!points && this.#curves.size < mostCurves) this.#curves.set(metric, (points = new Map()));
    if (points && (points.size < mostPoints || points.has(step))) points.set(step, value);
    else this.#dropped++;
  }
}
