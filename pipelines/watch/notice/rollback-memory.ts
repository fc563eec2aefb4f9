import { readHidden, writeHidden } from "./hidden-line.ts";

/** What an issue about a rollback remembers from run to run, in a hidden line at the top of its body. */
export interface RollbackMemory {
  model: string;
  /** The version that broke its limits. */
  version: number;
  /** Whether it was taken back, or stays for a person to decide. */
  event: "rolled back" | "held";
  /** Why mergeml closed it; null while it is open, and when a person closed it. */
  closed: "over" | "copy" | null;
}

/** The hidden line. Nothing in it is free text. */
export function writeRollbackMemory({ model, version, event, closed }: RollbackMemory): string {
  return writeHidden("rollback", { model, version, event, closed });
}

/** What the first line of an issue's body says; null when it is not ours or was damaged. */
export function readRollbackMemory(body: string): RollbackMemory | null {
  const { model, version, event, closed } = readHidden("rollback", body);
  const isSound =
    typeof model === "string" &&
    Number.isSafeInteger(version) &&
    (event === "rolled back" || event === "held") &&
    (closed === null || closed === "over" || closed === "copy");
  return isSound ? ({ model, version, event, closed } as RollbackMemory) : null;
}
