import { distance } from "fastest-levenshtein";

/**
 * The candidate that a mistyped word was most likely meant to be, or null when none is close: one begins with the other, or
 * few edits (Levenshtein) lie between. Case and the kind of dash do not count.
 */
export function didYouMean(word: string, candidates: readonly string[]): string | null {
  const typed = folded(word.slice(0, 100));
  let best: { candidate: string; edits: number } | null = null;
  for (const candidate of candidates) {
    const edits = editsBetween(typed, folded(candidate));
    if (edits <= allowance(typed, candidate) && (!best || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate ?? null;
}

/** Letters that changed places count as one edit, and a word that goes on differently, as in warn and warning, as one and a half. */
function editsBetween(typed: string, candidate: string): number {
  const [short, long] = typed.length < candidate.length ? [typed, candidate] : [candidate, typed];
  const edits = distance(typed, candidate);
  if (sameLetters(typed, candidate)) return Math.min(edits, 1);
  return short.length >= 3 && long.startsWith(short) ? Math.min(edits, 1.5) : edits;
}

function sameLetters(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join("") === [...b].sort().join("");
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, "_");
}

/** Short words are close to too many others. */
function allowance(typed: string, candidate: string): number {
  const length = Math.max(typed.length, candidate.length);
  return length < 3 ? 0 : length === 3 ? 1 : Math.max(2, Math.floor(length / 3));
}
