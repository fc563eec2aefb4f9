import type { Composer, Document, Pair } from "yaml";
import type { SourceLocation } from "../../errors/user-error.ts";
import type { Json } from "../canonical-json.ts";
import type { Finding, KeyPath, TextSpan } from "./finding.ts";
import { yamlLibrary } from "./library.ts";
import { MAX_DEPTH, parseTokens } from "./parse-tokens.ts";
import { SourceText } from "./source-text.ts";
import { syntaxFindings } from "./syntax-finding.ts";
import { unreadableText } from "./unreadable-text.ts";
import { type Reading, readValue, textSpanOf } from "./yaml-value.ts";

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
