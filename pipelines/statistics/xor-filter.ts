/**
 * A set of 64-bit hashes in 9.84 bits each: what is in it is always found, and of what is not, one in 256 is found too
 * (Graf & Lemire, Xor Filters: Faster and Smaller Than Bloom and Cuckoo Filters, 2020). Hashes come in halves of 32 bits.
 */
export interface XorFilter {
  seed: number;
  /** Three blocks of equal length. */
  fingerprints: Uint8Array;
}

/** Hashes by their upper and lower halves. */
export interface Hashes {
  high: Uint32Array;
  low: Uint32Array;
}

const mostTries = 100;

/** Builds the filter of hashes that are all different. The same hashes in the same order give the same bytes. */
export function buildXorFilter(hashes: Hashes): XorFilter {
  const block = Math.ceil((32 + Math.ceil(1.23 * hashes.low.length)) / 3);
  for (let seed = 1; seed <= mostTries; seed += 1) {
    const order = peel(hashes, seed, block);
    if (order) return { seed, fingerprints: assign(hashes, seed, block, order) };
  }
  throw new Error("No xor filter holds these hashes: some must be equal.");
}

/** Whether a hash is in the filter; wrongly yes in one of 256. */
export function isInFilter({ seed, fingerprints }: XorFilter, high: number, low: number): boolean {
  const at = placesOf(high, low, seed, fingerprints.length / 3);
  return at.print === (fingerprints[at.a]! ^ fingerprints[at.b]! ^ fingerprints[at.c]!);
}

/** Takes away, again and again, a hash that has a place to itself. null when some never get one. */
function peel({ high, low }: Hashes, seed: number, block: number): { hashes: Uint32Array; places: Uint32Array } | null {
  const places = 3 * block;
  const [counts, union] = [new Uint32Array(places), new Uint32Array(places)]; // how many hashes, and the xor of their numbers
  const turn = (hash: number, step: 1 | -1) => {
    const { a, b, c } = placesOf(high[hash]!, low[hash]!, seed, block);
    for (const place of [a, b, c]) {
      counts[place]! += step;
      union[place]! ^= hash;
    }
  };
  for (let hash = 0; hash < low.length; hash += 1) turn(hash, 1);
  const order = { hashes: new Uint32Array(low.length), places: new Uint32Array(low.length) };
  const alone: number[] = [];
  for (let place = 0; place < places; place += 1) if (counts[place] === 1) alone.push(place);
  let taken = 0;
  for (let place = alone.pop(); place !== undefined; place = alone.pop()) {
    if (counts[place] !== 1) continue;
    const hash = union[place]!;
    order.hashes[taken] = hash;
    order.places[taken] = place;
    taken += 1;
    turn(hash, -1);
    const { a, b, c } = placesOf(high[hash]!, low[hash]!, seed, block);
    for (const other of [a, b, c]) if (counts[other] === 1) alone.push(other);
  }
  return taken === low.length ? order : null;
}

/** In the reverse order each hash sets the one place that no later one needs. */
function assign(
  { high, low }: Hashes,
  seed: number,
  block: number,
  order: { hashes: Uint32Array; places: Uint32Array },
): Uint8Array {
  const prints = new Uint8Array(3 * block);
  for (let at = order.hashes.length - 1; at >= 0; at -= 1) {
    const hash = order.hashes[at]!;
    const { a, b, c, print } = placesOf(high[hash]!, low[hash]!, seed, block);
    prints[order.places[at]!] = print ^ prints[a]! ^ prints[b]! ^ prints[c]! ^ prints[order.places[at]!]!;
  }
  return prints;
}

interface Places {
  /** One in each block. */
  a: number;
  b: number;
  c: number;
  print: number;
}

function placesOf(high: number, low: number, seed: number, block: number): Places {
  const first = mix(low ^ Math.imul(seed, 0x9e3779b9));
  const second = mix(high ^ first);
  const third = mix(first + second);
  const print = mix(second ^ Math.imul(third, 0x85ebca6b)) & 0xff;
  return { a: scale(first, block), b: block + scale(second, block), c: 2 * block + scale(third, block), print };
}

function scale(value: number, length: number): number {
  return Math.floor((value / 2 ** 32) * length);
}

/** The finaliser of MurmurHash3, a bijection of 32 bits. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
