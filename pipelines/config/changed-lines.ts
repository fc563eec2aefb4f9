/** Beyond this many pairs of lines the common ones are not looked for: the answer is a count for people. */
const MAX_PAIRS = 4_000_000;

/** How many lines went and came between two texts: those outside a longest common subsequence. */
export function changedLines(
  before: string,
  after: string,
): { removed: number; added: number; linesBefore: number; linesAfter: number } {
  const a = linesOf(before);
  const b = linesOf(after);
  const [middleA, middleB] = trimCommonEnds(a, b);
  const common = middleA.length * middleB.length > MAX_PAIRS ? 0 : longestCommon(middleA, middleB);
  const removed = middleA.length - common;
  return { removed, added: middleB.length - common, linesBefore: a.length, linesAfter: b.length };
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

function trimCommonEnds(a: string[], b: string[]): [string[], string[]] {
  const shortest = Math.min(a.length, b.length);
  let head = 0;
  while (head < shortest && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shortest - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
}

/** Length of a longest common subsequence, by dynamic programming over one row. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const line of a) {
    const next = new Uint32Array(b.length + 1);
    for (let at = 1; at <= b.length; at++) {
      next[at] = line === b[at - 1] ? row[at - 1]! + 1 : Math.max(row[at]!, next[at - 1]!);
    }
    row = next;
  }
  return row[b.length]!;
}
