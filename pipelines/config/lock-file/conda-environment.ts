import { yamlLibrary } from "../yaml/library.ts";
import type { LockFault } from "./lock-kind.ts";

const exportIt =
  "name=version=build says which package it is: conda env export, or micromamba env export, of an environment that has what you want writes it";
const exact = /^([\w.-]+::)?[\w.-]+=[^=<>!*|, ]+=[^=<>!*|, ]+$/;

/** What of an environment.yml leaves open which packages are installed: their channel has the hashes, by name, version and build. */
export function checkConda(text: string): LockFault[] {
  const { LineCounter, isMap, isScalar, isSeq, parseDocument } = yamlLibrary();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  const lineOf = (node: unknown) => lines.linePos((node as { range?: [number] | null }).range?.[0] ?? 0).line;
  const [wrong] = document.errors;
  if (wrong) return [{ line: lines.linePos(wrong.pos[0]).line, message: "it is no YAML", hint: exportIt }];
  const list = isMap(document.contents) ? document.contents.get("dependencies", true) : null;
  if (!isSeq(list) || list.items.length === 0) {
    return [{ line: 1, message: "it has no list of dependencies", hint: exportIt }];
  }
  return list.items.flatMap((item): LockFault[] => {
    if (isScalar(item) && exact.test(String(item.value).trim())) return [];
    const line = lineOf(isMap(item) ? item.items[0]?.key : item);
    if (!isMap(item))
      return [{ line, message: `${String(item).trim().slice(0, 80)} is not pinned to one build`, hint: exportIt }];
    const hint = "take conda's package of that name, or lock Python's with environment: requirements.txt";
    return [{ line, message: "packages of pip have no hash here", hint }];
  });
}
