import type { Predictions } from "../training/trainer.ts";

/** The most probable class of a row; the first of equals, as in the prediction log. */
export function labelAt({ classes, values }: Predictions, row: number): number {
  const first = row * classes.length;
  let best = 0;
  for (let at = 1; at < classes.length; at++) if (values[first + at]! > values[first + best]!) best = at;
  return best;
}

/** The most probable class of each row. */
export function labelsOf(predictions: Predictions): string[] {
  return Array.from({ length: predictions.rows }, (_, row) => predictions.classes[labelAt(predictions, row)]!);
}
