import { readHidden, writeHidden } from "./hidden-line.ts";

/** What an issue remembers from run to run, in a hidden line at the top of its body. */
export interface NoticeMemory {
  model: string;
  /** The version in production that drifts. */
  version: number;
  /** Of the last window that was told, see `driftSeverity`. */
  severity: number;
  /** End of the last window that was told, ISO UTC. */
  to: string;
  /** Why mergeml closed it; null while it is open, and when a person closed it. */
  closed: "clean" | "undeployed" | "returned" | "harmless" | "copy" | null;
  /** The issue is about rows that no longer come, and about nothing else. */
  silent?: true;
}

const reasons: readonly unknown[] = ["clean", "undeployed", "returned", "harmless", "copy", null];

/** The hidden line. A model's name has no characters that could end it. */
export function writeMemory({ model, version, severity, to, closed, silent }: NoticeMemory): string {
  return writeHidden("drift", { model, version, severity, to, closed, ...(silent && { silent }) });
}

/** What the first line of an issue's body says; null when it is not ours or was damaged. */
export function readMemory(body: string): NoticeMemory | null {
  const { model, version, severity, to, closed, silent } = readHidden("drift", body);
  const isSound =
    typeof model === "string" &&
    Number.isSafeInteger(version) &&
    Number.isFinite(severity) &&
    typeof to === "string" &&
    !Number.isNaN(Date.parse(to)) &&
    reasons.includes(closed);
  return isSound
    ? ({ model, version, severity, to, closed, ...(silent === true && { silent }) } as NoticeMemory)
    : null;
}
