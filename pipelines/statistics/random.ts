/** Gives uniformly distributed 32-bit unsigned integers. */
export type Random = () => number;

/**
 * sfc32 of Chris Doty-Humphrey's PractRand: small, fast, period of at least 2^32, and the same stream on every machine.
 * `stream` gives independent streams of one seed, so that adding a consumer does not change the others.
 */
export function seededRandom(seed: number, stream = 0): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = stream | 0;
  let counter = 1;
  const next = () => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out;
    return out >>> 0;
  };
  for (let warmUp = 0; warmUp < 16; warmUp++) next();
  return next;
}

/** An integer in 0..bound−1; the bias of scaling instead of rejecting is below bound/2^32, far under the bootstrap's own noise. */
export function below(random: Random, bound: number): number {
  return Math.floor((random() * bound) / 4294967296);
}
