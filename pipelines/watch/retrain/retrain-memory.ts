import type { Window } from "../../config/model-config.ts";
import { parseUtc } from "../../config/utc-time.ts";
import { readHidden, writeHidden } from "../notice/hidden-line.ts";

/** What a retrain pull request remembers from run to run, in a hidden line at the top of its body. */
export interface RetrainMemory {
  model: string;
  reason: "drift" | "schedule";
  /** The version in production that it would replace. */
  version: number;
  /** Of the drift, see `driftSeverity`; 0 for a retrain by schedule. */
  severity: number;
  /** The window it moves to. */
  window: Window;
  /** The commit whose check was asked for; null when none was yet. */
  checked: string | null;
  /** mergeml closed it itself; one that is closed without this was declined by a person. */
  obsolete: boolean;
}

/** The hidden line. Nothing in it is free text. */
export function writeRetrainMemory(memory: RetrainMemory): string {
  const { model, reason, version, severity, window, checked, obsolete } = memory;
  return writeHidden("retrain", { model, reason, version, severity, window, checked, obsolete });
}

/** What the first line of a pull request's body says; null when it is not ours or was damaged. */
export function readRetrainMemory(body: string): RetrainMemory | null {
  const facts = readHidden("retrain", body);
  const { model, reason, version, severity, window, checked, obsolete } = facts;
  const { start, end } = (window ?? {}) as Partial<Record<keyof Window, unknown>>;
  const isSound =
    typeof model === "string" &&
    (reason === "drift" || reason === "schedule") &&
    Number.isSafeInteger(version) &&
    Number.isFinite(severity) &&
    isTime(start) &&
    isTime(end) &&
    (checked === null || (typeof checked === "string" && /^[0-9a-f]{40,64}$/.test(checked))) &&
    typeof obsolete === "boolean";
  return isSound ? (facts as unknown as RetrainMemory) : null;
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && parseUtc(value) !== null;
}
