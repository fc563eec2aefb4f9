import type { LockFault } from "./lock-kind.ts";

const snapshot = "renv::snapshot() writes it, with the version, source and hash of each package";

/** What of an renv.lock leaves open which packages are installed. */
export function checkRenv(text: string): LockFault[] {
  const lock = parsed(text);
  if (!lock?.R?.Version || typeof lock.Packages !== "object" || lock.Packages === null) {
    return [{ line: 1, message: "it is not a file that renv wrote", hint: snapshot }];
  }
  return Object.entries(lock.Packages).flatMap(([name, entry]): LockFault[] => {
    const missing = ["Version", "Source", "Hash"].filter((key) => typeof entry?.[key] !== "string");
    if (missing.length === 0) return [];
    const message = `${name} has no ${missing.map((key) => key.toLowerCase()).join(", no ")}`;
    return [{ line: lineOf(text, name), message, hint: snapshot }];
  });
}

interface Written {
  R?: { Version?: string };
  Packages?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
}

function parsed(text: string): Written | null {
  try {
    return JSON.parse(text) as Written | null;
  } catch {
    return null;
  }
}

function lineOf(text: string, name: string): number {
  const before = text.slice(0, Math.max(0, text.indexOf(`${JSON.stringify(name)}: {`)));
  return before.split("\n").length;
}
