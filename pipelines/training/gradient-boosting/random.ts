/**
 * A well-mixed 32-bit number that depends on nothing but its arguments (the murmur3 finaliser chained over them):
 * a row's luck is a function of seed, round and position, so threads may draw in any order.
 */
export function hash32(seed: number, round: number, position: number): number {
  return mix(mix(mix(seed) ^ round) ^ position);
}

function mix(key: number): number {
  let h = Math.imul(key ^ (key >>> 16), 0x85ebca6b) + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** `count` different numbers of 0..total-1, ascending, the same for the same seed and round. */
export function choose(total: number, count: number, seed: number, round: number): number[] {
  const all = Array.from({ length: total }, (_, each) => ({ each, luck: hash32(seed, round, each) }));
  all.sort((a, b) => a.luck - b.luck || a.each - b.each);
  return all
    .slice(0, count)
    .map(({ each }) => each)
    .sort((a, b) => a - b);
}
