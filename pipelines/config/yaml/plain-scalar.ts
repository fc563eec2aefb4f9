import type { Json } from "../canonical-json.ts";

/** Thrown where a text leaves the plain subset; the YAML library reads it then. */
export class NotPlain extends Error {}

/** Gives up on the quick way. */
export function notPlain(): never {
  throw new NotPlain();
}

/** Numbers of which there is only one reading; up to 15 digits are exact. */
const simpleNumber = /^(?:0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,8})\.[0-9]{1,6})$/;

/** What else YAML 1.2's core schema takes for a number. */
const otherNumber =
  /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const words = new Map<string, Json>([
  ...["null", "Null", "NULL", "~"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);

/** The value of an unquoted scalar, by YAML 1.2's core schema. */
export function plainScalar(text: string): Json {
  if (simpleNumber.test(text)) return Number(text);
  if (otherNumber.test(text)) return notPlain();
  const word = words.get(text);
  return word === undefined ? text : word;
}

/** Keys that are texts in every reading. */
export function isPlainKey(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text) && !words.has(text) && text !== "__proto__";
}
