import type { LockFault } from "./lock-kind.ts";

const lockIt =
  "write requirements.in with what the program imports, then: uv pip compile requirements.in --universal --generate-hashes -o requirements.txt (or pip-compile --generate-hashes)";

/** Options that say where packages are, or in which form; the hashes say which bytes they are. */
const allowed =
  /^(-i|-f|--index-url|--extra-index-url|--find-links|--no-index|--prefer-binary|--no-binary|--only-binary|--require-hashes|--pre)\b/;
const otherFiles = /^(-r|-c|-e|--requirement|--constraint|--editable)\b/;
const hash = /\s--hash=(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})(?=\s|$)/;
const exact = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(===?\s*[^\s;,*]+(?=\s|;|$)|@\s*https:\/\/\S+)/;

/** What of a requirements.txt leaves open which bytes are installed. */
export function checkRequirements(text: string): LockFault[] {
  const entries = logicalLines(text);
  if (!entries.some(({ entry }) => !entry.startsWith("-"))) {
    return [
      { line: 1, message: "it names no package", hint: `${lockIt}; a program that needs none needs no environment` },
    ];
  }
  return entries.flatMap(({ line, entry }) => {
    const fault = faultOf(entry);
    return fault ? [{ line, ...fault }] : [];
  });
}

function faultOf(entry: string): Omit<LockFault, "line"> | null {
  if (otherFiles.test(entry)) {
    return { message: `${shown(entry)} reads what is not in this file`, hint: `the lock is one file: ${lockIt}` };
  }
  if (entry.startsWith("-")) {
    if (allowed.test(entry)) return null;
    return {
      message: `the option ${shown(entry)} is not taken`,
      hint: "index and form of packages can be said here, no more",
    };
  }
  const [, name] = exact.exec(entry) ?? [];
  if (name === undefined) return { message: `${shown(entry)} is not pinned to one version`, hint: lockIt };
  if (!hash.test(entry)) return { message: `${name} has no hash`, hint: lockIt };
  return null;
}

/** Entries with the line that each begins on: a backslash joins lines, a # begins a comment. */
function logicalLines(text: string): { line: number; entry: string }[] {
  const found: { line: number; entry: string }[] = [];
  let open = false;
  for (const [at, written] of text.split("\n").entries()) {
    const isComment = /^\s*#/.test(written);
    const continues = !isComment && /\\\s*$/.test(written);
    const plain = written
      .replace(/(^|\s)#.*$/, "")
      .replace(/\\\s*$/, "")
      .trim();
    if (open && found.length > 0) found.at(-1)!.entry += ` ${plain}`;
    else found.push({ line: at + 1, entry: plain });
    open = continues;
  }
  return found.map(({ line, entry }) => ({ line, entry: entry.trim() })).filter(({ entry }) => entry !== "");
}

function shown(entry: string): string {
  return entry.split(/\s--hash/)[0]!.slice(0, 80);
}
