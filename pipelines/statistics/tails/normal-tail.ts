import { upperIncompleteGamma } from "./incomplete-gamma.ts";

/** Chance that a standard normal variable is more than z away from 0, on either side: erfc(|z| / √2). */
export function twoSidedNormalTail(z: number): number {
  return upperIncompleteGamma(0.5, (z * z) / 2);
}

/** Chance that a standard normal variable is greater than z. */
export function normalTail(z: number): number {
  const tail = twoSidedNormalTail(z) / 2;
  return z < 0 ? 1 - tail : tail;
}
