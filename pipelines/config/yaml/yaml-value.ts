import type { Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { Json } from "../canonical-json.ts";
import { dotted, type Finding, type KeyPath, type TextSpan } from "./finding.ts";
import { yamlLibrary } from "./library.ts";
import { MAX_DEPTH } from "./parse-tokens.ts";

/** A value being read, with what is wrong with it so far. */
export interface Reading {
  findings: Finding[];
}

/**
 * The plain value of a node, or undefined when it has none (then a finding says why). Only what JSON knows is let
 * through: anchors, aliases, tags and merge keys would let a small file grow, or mean different things to other readers.
 */
export function readValue(node: unknown, path: KeyPath, reading: Reading): Json | undefined {
  if (node === null || node === undefined) return null;
  const refusal = refuse(node, path);
  if (refusal) {
    reading.findings.push({ path, span: textSpanOf(node), ...refusal });
    return undefined;
  }
  const { isMap, isScalar, isSeq } = yamlLibrary();
  if (isScalar(node)) return scalarValue(node, path, reading);
  if (isMap(node)) return mapValue(node, path, reading);
  return isSeq(node) ? seqValue(node, path, reading) : null;
}

/** Offset and length of a node in the text. */
export function textSpanOf(node: unknown): TextSpan {
  const range = (node as Node | null)?.range;
  return range ? { start: range[0], length: Math.max(range[1] - range[0], 1) } : { start: 0, length: 1 };
}

function refuse(node: unknown, path: KeyPath): Pick<Finding, "message" | "hint"> | null {
  const quote =
    'a text that starts with *, & or ! needs quotes; put what models share in mergeml.yaml under "defaults"';
  if (yamlLibrary().isAlias(node)) return { message: `aliases (*${node.source}) are not supported`, hint: quote };
  const { anchor, tag } = node as { anchor?: string; tag?: string };
  if (anchor) return { message: `anchors (&${anchor}) are not supported`, hint: quote };
  if (tag) return { message: "tags (!…) are not supported", hint: quote };
  return path.length > MAX_DEPTH ? { message: `nested too deeply; at most ${MAX_DEPTH} levels are allowed` } : null;
}

function scalarValue(node: Scalar, path: KeyPath, reading: Reading): Json | undefined {
  const { value } = node;
  if (typeof value !== "number") return value as Json;
  const written = (node.source ?? `${value}`).slice(0, 40);
  const problem = Number.isFinite(value) ? inexact(value, written) : "is not a finite number";
  if (!problem) return value;
  reading.findings.push({ path, span: textSpanOf(node), message: `${dotted(path)}: ${written} ${problem}` });
  return undefined;
}

function inexact(value: number, written: string): string | null {
  const integer = /^[-+]?(\d+|0[xo].*)$/.test(written);
  if (!integer || Number.isSafeInteger(value)) return null;
  return "is too large to be kept exactly; at most 9007199254740991 is possible";
}

function seqValue(node: YAMLSeq, path: KeyPath, reading: Reading): Json {
  // A broken item keeps its place, as null, so that the paths of the others stay right.
  return node.items.map((item, index) => readValue(item, [...path, index], reading) ?? null);
}

function mapValue(node: YAMLMap, path: KeyPath, reading: Reading): Json {
  const value: Record<string, Json> = {};
  for (const pair of node.items) {
    const key = keyOf(pair, path, value, reading);
    if (key === null) continue;
    const member = readValue(pair.value, [...path, key], reading);
    if (member !== undefined) value[key] = member;
  }
  return value;
}

function keyOf({ key }: Pair, path: KeyPath, value: object, reading: Reading): string | null {
  const name = yamlLibrary().isScalar(key) && !key.anchor && !key.tag ? key.value : undefined;
  const add = (message: string, hint?: string) => {
    const place = typeof name === "string" ? [...path, name] : path;
    reading.findings.push({ path: place, at: "key", span: textSpanOf(key), message, ...(hint && { hint }) });
    return null;
  };
  if (typeof name !== "string") return add("a key must be a plain text", "put it in quotes");
  if (name === "<<") return add("merge keys (<<) are not supported", "write the keys out");
  if (name === "__proto__") return add('unknown key "__proto__"');
  if (Object.hasOwn(value, name)) return add(`the key "${name.slice(0, 60)}" is there twice`, "remove one of them");
  return name;
}
