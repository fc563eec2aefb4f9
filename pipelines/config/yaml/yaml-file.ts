import type { Composer, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { SourceLocation } from "../../errors/expected-error.ts";
import type { Json } from "../canonical-json.ts";
import { dotted, type Finding, type KeyPath, syntaxFindings, type TextSpan } from "./finding.ts";
import { MAX_DEPTH, parseTokens, yamlLibrary } from "./library.ts";
import { SourceText, unreadableText } from "./source-text.ts";

/** A YAML file as plain values, with the place of each. */
export interface YamlFile {
  /** Undefined when the text is not one YAML document. */
  value: Json | undefined;
  findings: readonly Finding[];
  /** The place of a finding, or of the value at a path. */
  locate(target: Pick<Finding, "path" | "at" | "span">): SourceLocation;
  has(path: KeyPath): boolean;
}

/** Reads one YAML document. Never throws on any text: what is wrong is in `findings`. */
export function openYaml(text: string, file: string): YamlFile {
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  const unreadable = unreadableText(content);
  const { contents, findings, value } = unreadable ? nothing(unreadable) : read(content);
  const source = new SourceText(file, content);
  return {
    value,
    findings,
    locate: ({ path, at = "value", span }) => source.at(span ?? spanOfPath(contents, path, at)),
    has: (path) => hasPath(contents, path),
  };
}

interface Content extends Reading {
  contents: unknown;
  value: Json | undefined;
}

function nothing(...findings: Finding[]): Content {
  return { contents: null, value: undefined, findings };
}

function read(text: string): Content {
  const tokens = parseTokens(text);
  if ("tooDeepAt" in tokens) return nothing(tooDeep(tokens.tooDeepAt));
  const directive = tokens.find((token) => token.type === "directive");
  if (directive) return nothing(at(directive, "YAML directives (%…) are not supported", "remove the line"));
  const second = tokens.filter((token) => token.type === "document")[1];
  if (second) return nothing(at(second, "the file holds more than one YAML document", "remove all but one"));
  return readDocument(compose(tokens, text.length));
}

/** Keys are checked for uniqueness by `readValue`: the parser compares each with each. */
function compose(tokens: Parameters<Composer["compose"]>[0], end: number): Document.Parsed {
  const { Composer } = yamlLibrary();
  const composer = new Composer({ uniqueKeys: false, logLevel: "silent", schema: "core", resolveKnownTags: false });
  for (const document of composer.compose(tokens, true, end)) return document;
  throw new Error("the YAML composer gave no document");
}

function readDocument({ errors, contents }: Document.Parsed): Content {
  if (errors.length > 0) return nothing(...syntaxFindings(errors));
  if (contents === null || (textSpanOf(contents).length === 1 && isEmpty(contents))) {
    return nothing({ path: [], span: { start: 0, length: 1 }, message: "the file is empty" });
  }
  const findings: Finding[] = [];
  const value = readValue(contents, [], { findings });
  return { contents, value, findings };
}

function isEmpty(contents: unknown): boolean {
  return (contents as { value?: unknown; source?: string }).value === null;
}

function tooDeep(start: number): Finding {
  const message = `nested too deeply; at most ${MAX_DEPTH} levels are allowed`;
  return { path: [], span: { start, length: 1 }, message };
}

function at({ offset }: { offset: number }, message: string, hint: string): Finding {
  return { path: [], span: { start: offset, length: 3 }, message, hint };
}

interface Place {
  key: TextSpan | null;
  value: unknown;
}

/** Where the value (or the key) of a path is; of a path that is not there, its closest ancestor's key. */
function spanOfPath(contents: unknown, path: KeyPath, at: "key" | "value"): TextSpan {
  let place: Place = { key: null, value: contents };
  for (const step of path) {
    const next = child(place.value, step);
    if (!next) return spanOfKey(place);
    place = next;
  }
  return at === "key" || isBlock(place.value) ? spanOfKey(place) : textSpanOf(place.value);
}

/** Whether the document itself says something at that path. */
function hasPath(contents: unknown, path: KeyPath): boolean {
  let value = contents;
  for (const step of path) {
    const next = child(value, step);
    if (!next) return false;
    value = next.value;
  }
  return true;
}

function child(node: unknown, step: string | number): Place | null {
  const { isMap, isScalar, isSeq } = yamlLibrary();
  if (isMap(node)) {
    const pair = node.items.find((each) => isScalar(each.key) && each.key.value === step);
    return pair ? { key: textSpanOf(pair.key), value: valueOrKey(pair) } : null;
  }
  if (!isSeq(node) || typeof step !== "number" || step >= node.items.length) return null;
  return { key: null, value: node.items[step] };
}

/** An empty value has no text to point at, so its key stands in. */
function valueOrKey({ key, value }: Pair): unknown {
  const { range } = (value ?? {}) as { range?: [number, number, number] | null };
  return range && range[1] > range[0] ? value : key;
}

function isBlock(node: unknown): boolean {
  const { isMap, isSeq } = yamlLibrary();
  return (isMap(node) || isSeq(node)) && node.flow !== true;
}

function spanOfKey({ key, value }: Place): TextSpan {
  if (key) return key;
  const { start, length } = textSpanOf(value);
  return { start, length: isBlock(value) ? 1 : length };
}

/** A value being read, with what is wrong with it so far. */
interface Reading {
  findings: Finding[];
}

/**
 * The plain value of a node, or undefined when it has none (then a finding says why). Only what JSON knows is let
 * through: anchors, aliases, tags and merge keys would let a small file grow, or mean different things to other readers.
 */
function readValue(node: unknown, path: KeyPath, reading: Reading): Json | undefined {
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
function textSpanOf(node: unknown): TextSpan {
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
