import { withoutPasswords } from "../../errors/inert-markdown.ts";

/** The part of a JSON Schema that says what a value must be. */
export interface ValueSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, ValueSchema>>;
}

/** What a schema expects, to follow "must be": `a whole number of at least 1`. Its `title` says it when the schema has one. */
export function expectation(schema: ValueSchema): string {
  if (schema.title) return schema.title;
  if (schema.enum) return oneOf(schema.enum.map(String));
  if ("const" in schema) return plain(schema.const);
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return types.length > 0 ? types.map((type) => ofType(type, schema)).join(" or ") : "something else";
}

/** What was found instead, to follow "not": `"abc"`, `{ q: 0.5 }`, `a list of 300`. */
export function found(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  const members = Object.values(value);
  if (members.length === 0) return Array.isArray(value) ? "an empty list" : "an empty block";
  const short = members.length <= 4 && members.every((member) => String(member).length <= 20);
  if (short && members.every((member) => typeof member !== "object" || member === null)) return plain(value);
  return Array.isArray(value) ? `a list of ${value.length}` : "a block of keys";
}

/** A text as it is quoted in an error: on one line and not too long. */
export function quoted(given: string): string {
  const text = withoutPasswords(given);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

/** A value as it would be typed in YAML on one line, for examples. */
export function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${key}: ${plain(member)}`)
      .join(", ")} }`;
  }
  return typeof value === "string" && /^[@*&!%`]|[:#] |[{}[\],]/.test(value) ? JSON.stringify(value) : String(value);
}

function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function ofType(type: string, schema: ValueSchema): string {
  const noun = nouns[type] ?? type;
  if (type === "number" || type === "integer") return noun + range(schema);
  if (type !== "string") return noun;
  if (schema.maxLength !== undefined) return `${noun} of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
  return schema.minLength ? `${noun} that is not empty` : noun;
}

const nouns: Readonly<Record<string, string>> = {
  number: "a number",
  integer: "a whole number",
  string: "a text",
  boolean: "true or false",
  array: "a list",
  object: "a block of keys",
  null: "nothing",
};

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: ValueSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    minimum !== undefined && `of at least ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    maximum !== undefined && `at most ${maximum}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ].filter(Boolean);
  return bounds.length > 0 ? ` ${bounds.join(" and ")}` : "";
}
