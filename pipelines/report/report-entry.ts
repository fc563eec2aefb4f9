import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { ReportEntry } from "../handover/training-outcome.ts";

/** The model an entry is about. */
export function modelOf(entry: ReportEntry): string {
  return entry.state === "judged" ? entry.candidate.config.name : entry.model;
}

/** What an entry means for the merge, worst first: the order of the report. */
const standings = ["error", "checks-failed", "fail", "inconclusive", "unreached", "held", "pass", "identical"] as const;
type EntryState = (typeof standings)[number];

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

/** The report in a few words, e.g. `1 of 2 models can ship`: what somebody reads in a mail's preview. */
export function headline(entries: readonly ReportEntry[]): string {
  if (entries.length === 0) return "no model changed";
  if (entries.length === 1) return `${escapeMarkdown(modelOf(entries[0]!), 60)} ${alone(entryState(entries[0]!))}`;
  const standings = entries.map(entryState);
  const count = (standing: EntryState) => standings.filter((each) => each === standing).length;
  const aside = [
    count("unreached") > 0 ? `${count("unreached")} for a maintainer to run` : "",
    count("held") > 0 ? `${count("held")} held` : "",
    count("identical") > 0 ? `${count("identical")} the same as in production` : "",
  ].filter(Boolean);
  const judged = entries.length - count("held") - count("identical") - count("unreached");
  const nothing = count("unreached") > 0 ? "nothing judged" : "nothing to deploy";
  const main = judged === 0 ? nothing : canShip(count("pass"), judged);
  return aside.length > 0 ? `${main} (${aside.join(", ")})` : main;
}

function canShip(shipping: number, judged: number): string {
  if (judged === 1) return shipping === 1 ? "1 model can ship" : "1 model cannot ship";
  if (shipping === 0) return `none of ${judged} models can ship`;
  if (shipping < judged) return `${shipping} of ${judged} models can ship`;
  return judged === 2 ? "both models can ship" : `all ${judged} models can ship`;
}

function alone(standing: EntryState): string {
  const words: Record<EntryState, string> = {
    error: "stopped with an error",
    "checks-failed": "is blocked by its data",
    fail: "is blocked",
    inconclusive: "cannot ship yet",
    unreached: "needs a maintainer to run it",
    held: "is held",
    pass: "can ship",
    identical: "has nothing to deploy",
  };
  return words[standing];
}
