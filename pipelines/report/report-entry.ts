import type { ReportEntry } from "../handover/training-outcome.ts";

/** The model an entry is about. */
export function modelOf(entry: ReportEntry): string {
  return entry.state === "judged" ? entry.candidate.config.name : entry.model;
}

/** What an entry means for the merge, worst first: the order of the report. */
const standings = ["error", "checks-failed", "fail", "inconclusive", "unreached", "held", "pass", "identical"] as const;
export type EntryState = (typeof standings)[number];

/** Where an entry stands. */
export function entryState(entry: ReportEntry): EntryState {
  return entry.state === "judged" ? entry.verdict.outcome : entry.state;
}

/** A sign for the eye; the words beside it say the same. */
export function markOf(standing: EntryState): string {
  const marks: Record<EntryState, string> = {
    error: "❌",
    "checks-failed": "❌",
    fail: "❌",
    inconclusive: "⚠️",
    unreached: "🔒",
    held: "⏸️",
    pass: "✅",
    identical: "➖",
  };
  return marks[standing];
}

/** Entries worst first, and by name among equals, so that the same result always gives the same report. */
export function worstEntryFirst(entries: readonly ReportEntry[]): ReportEntry[] {
  const rank = (entry: ReportEntry) => standings.indexOf(entryState(entry));
  return [...entries].sort((a, b) => rank(a) - rank(b) || compareText(modelOf(a), modelOf(b)));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
