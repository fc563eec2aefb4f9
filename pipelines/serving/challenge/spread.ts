/** Multipliers of xxHash's and MurmurHash3's mixing steps, which spread every bit over the word. */
const [first, second, third, fourth] = [0x9e3779b1, 0x85ebca77, 0x85ebca6b, 0xc2b2ae35];

/**
 * A number 0 ≤ x < 1 that a text always has, spread evenly whatever the texts are: two 32-bit multiplicative hashes, of which 53
 * bits are taken. It is for dealing out, not for keeping secrets.
 */
export function spread(text: string): number {
  let [high, low] = [text.length ^ 0x51ed270b, text.length ^ 0x2545f491];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, first);
    low = Math.imul(low ^ unit, second);
    high = (high << 13) | (high >>> 19);
    low = (low << 17) | (low >>> 15);
  }
  const [a, b] = [mixed(high ^ (low >>> 7)), mixed(low ^ (high >>> 11))];
  return ((a >>> 0) * 0x20_0000 + (b >>> 11)) / 2 ** 53;
}

/** The finaliser of MurmurHash3: each bit of the input changes half of the output. */
function mixed(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, third);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, fourth);
  return hash ^ (hash >>> 16);
}
