import { driftSeverity } from "../notice/severity.ts";
import type { DriftEntry } from "./model-drift.ts";

/** How much a model asks for attention: drift that lasts, what could not be checked, drift of one window, too few rows, clean. */
function rank(entry: DriftEntry): number {
  if (entry.outcome === "error") return 1;
  if (entry.outcome === "drift") return entry.persistent === "drift" ? 0 : 2;
  return entry.outcome === "too few rows" ? 3 : 4;
}

function severity(entry: DriftEntry): number {
  return entry.outcome === "error" ? 0 : driftSeverity(entry.result);
}

/** Entries of a run, those first that ask for attention; of equal ones the most severe, then by name. */
export function worstFirst(entries: readonly DriftEntry[]): DriftEntry[] {
  return entries.toSorted(
    (a, b) => rank(a) - rank(b) || severity(b) - severity(a) || (a.model < b.model ? -1 : a.model > b.model ? 1 : 0),
  );
}
