import { createRequire } from "node:module";
import type { XMLParser } from "fast-xml-parser";

const require = createRequire(import.meta.url);

/** Loaded when a bucket first answers: its forty modules are nothing to who has none. */
let parser: XMLParser | undefined;

function openParser(): XMLParser {
  const library = require("fast-xml-parser") as typeof import("fast-xml-parser");
  return new library.XMLParser({
    parseTagValue: false,
    trimValues: false,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    htmlEntities: true,
  });
}

/** What a server answered as nested objects with texts; null for what is no XML. Nothing outside of it is looked up. */
export function parseXml(text: string): unknown {
  parser ??= openParser();
  try {
    return parser.parse(text);
  } catch {
    return null;
  }
}

/** What is at a path of elements; undefined where one is missing. */
export function textOf(xml: unknown, ...path: readonly string[]): unknown {
  let at = xml;
  for (const name of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** All elements of a name, of which there may be none or one. */
export function listOf(xml: unknown, name: string): unknown[] {
  const found = textOf(xml, name);
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}
