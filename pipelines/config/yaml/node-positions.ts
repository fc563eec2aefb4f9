import type { Pair } from "yaml";
import type { KeyPath, TextSpan } from "./finding.ts";
import { yamlLibrary } from "./library.ts";
import { textSpanOf } from "./yaml-value.ts";

interface Place {
  key: TextSpan | null;
  value: unknown;
}

/** Where the value (or the key) of a path is; of a path that is not there, its closest ancestor's key. */
export function spanOfPath(contents: unknown, path: KeyPath, at: "key" | "value"): TextSpan {
  let place: Place = { key: null, value: contents };
  for (const step of path) {
    const next = child(place.value, step);
    if (!next) return spanOfKey(place);
    place = next;
  }
  return at === "key" || isBlock(place.value) ? spanOfKey(place) : textSpanOf(place.value);
}

/** Whether the document itself says something at that path. */
export function hasPath(contents: unknown, path: KeyPath): boolean {
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
