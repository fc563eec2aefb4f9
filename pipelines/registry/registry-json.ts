import { DamageError } from "./damage.ts";

/** Hashing and comparing recurse; nothing that is registered nests deeper than a dozen. */
const mostLevels = 64;

/** A JSON object of a file on the branch. Throws DamageError, naming the file, when it is none: anybody may have pushed it. */
export function readRegistryJson(content: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  const text = Buffer.from(content).toString("utf8");
  if (text.includes("<<<<<<< ") && /^<{7} /m.test(text))
    throw new DamageError(file, "still has the marks of a merge conflict");
  const value = parse(text, file);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DamageError(file, "is not a JSON object");
  const odd = oddity(value, mostLevels);
  if (odd !== null) throw new DamageError(file, odd);
  return value as Record<string, unknown>;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DamageError(file, `is not JSON: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
}

/** What JSON can hold and a record cannot; ends at the level that is one too deep. */
function oddity(value: unknown, levels: number): string | null {
  if (typeof value === "number" && !Number.isFinite(value)) return "has a number that is too large";
  if (typeof value !== "object" || value === null) return null;
  if (levels === 0) return `nests deeper than ${mostLevels} levels`;
  for (const member of Object.values(value)) {
    const found = oddity(member, levels - 1);
    if (found !== null) return found;
  }
  return null;
}
