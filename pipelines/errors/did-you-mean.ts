import { distance } from "fastest-levenshtein";

/**
 * The candidate that a mistyped word was most likely meant to be, or null when none is close.
 * Close is an edit distance (Levenshtein) of up to a third of the word's length, at least one, not counting case and the kind of dash.
 */
export function didYouMean(word: string, candidates: readonly string[]): string | null {
  const typed = folded(word.slice(0, 100));
  let best: { candidate: string; edits: number } | null = null;
  for (const candidate of candidates) {
    const edits = distance(typed, folded(candidate));
    if (edits <= allowance(typed, candidate) && (!best || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate ?? null;
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, "_");
}

function allowance(typed: string, candidate: string): number {
  return Math.max(1, Math.floor(Math.max(typed.length, candidate.length) / 3));
}
