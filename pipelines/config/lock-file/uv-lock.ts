import type { LockFault } from "./lock-kind.ts";

const hint = "uv lock writes it; packages from an index or a URL have hashes, those from git or a folder have none";

/** What of a uv.lock leaves open which bytes are installed. uv writes one entry a line, and so is it read. */
export function checkUvLock(text: string): LockFault[] {
  const lines = text.split("\n");
  const faults: LockFault[] = [];
  let name = "";
  let archives = false;
  for (const [at, written] of lines.entries()) {
    const line = written.trim();
    const fault = (message: string) => faults.push({ line: at + 1, message, hint });
    if (line === "[[package]]") [name, archives] = ["", true];
    else if (/^\[/.test(line) && !/^\[package\./.test(line)) archives = false;
    name = /^name = "([^"]+)"/.exec(line)?.[1] ?? name;
    const [, source, of = ""] = /^source = \{ (\w+) = "([^"]*)"/.exec(line) ?? [];
    if (source === "git" || source === "path" || (isFolder(source) && of !== ".")) {
      fault(`${name} comes from ${source === "git" ? "git" : "a folder"}, and has no hash`);
    }
    const isArchive = archives && /\b(url|path) = "/.test(line) && /^(sdist = )?\{/.test(line);
    if (isArchive && !/\bhash = "sha(256|384|512):[0-9a-f]{64,128}"/.test(line)) fault(`${name} has no hash`);
  }
  if (lines.some((line) => /^version = \d+/.test(line))) return faults;
  return [{ line: 1, message: "it is not a file that uv wrote", hint: "uv lock writes it beside pyproject.toml" }];
}

function isFolder(source: string | undefined): boolean {
  return source === "directory" || source === "editable" || source === "virtual";
}
