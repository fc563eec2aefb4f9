import type { NumericDistribution } from "../profile/distribution.ts";

/** Both distribution functions on the same edges: the share of values below each edge, and the share up to and with it. */
export interface Steps {
  edges: readonly number[];
  reference: { below: Float64Array; upTo: Float64Array };
  current: { below: Float64Array; upTo: Float64Array };
}

/** The current window must have been counted on the reference's edges, and both sides must have values. */
export function stepsOf(reference: NumericDistribution, current: NumericDistribution): Steps {
  const atoms = reference.equal !== null && current.equal !== null;
  return { edges: reference.edges, reference: climb(reference, atoms), current: climb(current, atoms) };
}

/** Where it is not known how many values equal an edge, none is taken to: both sides are then compared at the edges alone. */
function climb({ edges, counts, equal }: NumericDistribution, atoms: boolean): Steps["reference"] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const below = new Float64Array(edges.length);
  const upTo = new Float64Array(edges.length);
  let sum = 0;
  for (let at = 0; at < edges.length; at++) {
    sum += counts[at]!;
    upTo[at] = sum / total;
    below[at] = (sum - (atoms ? equal![at]! : 0)) / total;
  }
  return { below, upTo };
}
