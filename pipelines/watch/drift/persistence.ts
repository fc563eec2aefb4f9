import type { DriftResult } from "./drift-result.ts";

/** `drift.persist`: drift in `needed` of the last `of` windows. */
interface Persistence {
  needed: number;
  of: number;
}

/** Reads a text such as `2 of 3`. More than all of the windows can never be needed. */
export function parsePersistence(text: string): Persistence {
  const [, needed, of] = /^(\d+) of (\d+)$/.exec(text) ?? [];
  if (needed === undefined || of === undefined) throw new Error(`${JSON.stringify(text)} is not like "2 of 3"`);
  return { needed: Math.min(Number(needed), Number(of)), of: Number(of) };
}

/**
 * What the windows say together, the newest first. Windows with too few rows say nothing and are passed over. Drift needs to
 * be in the newest window that says something, and in enough of the last; clean needs all of the last `of` to be clean, so
 * that between the two an issue stays as it is.
 */
export function persistentOutcome(
  outcomes: readonly DriftResult["outcome"][],
  { needed, of }: Persistence,
): "drift" | "clean" | "undecided" {
  const telling = outcomes.filter((outcome) => outcome !== "too few rows").slice(0, of);
  const drifting = telling.filter((outcome) => outcome === "drift").length;
  if (telling[0] === "drift" && drifting >= needed) return "drift";
  return drifting === 0 && telling.length === of ? "clean" : "undecided";
}
