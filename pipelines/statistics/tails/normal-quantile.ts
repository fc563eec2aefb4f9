import { normalTail } from "./incomplete-gamma.ts";

/** z that a standard normal variable exceeds with this chance, by bisection; below 10. */
export function normalQuantile(tail: number): number {
  let [low, high] = [0, 10];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > tail) low = middle;
    else high = middle;
  }
  return low;
}
