import type { ErrorObject } from "ajv";
import { didYouMean } from "../../errors/expected-error.ts";
import type { Json } from "../canonical-json.ts";
import type { SchemaDocument } from "../model-schema.ts";
import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";
import { expectation, found, plain, quoted, type ValueSchema } from "./expectation.ts";
import { validatorOf } from "./validator-of.ts";

/** Checks a value; never changes it. */
export type Validator = (value: unknown) => Finding[];

/** Compiles a schema once for many values. `kindOfKey` says what an unknown key would have been: `key`, `metric`, `param of linear`. */
export function compileSchema(
  schema: SchemaDocument,
  kindOfKey: (parent: KeyPath, value: unknown) => string = () => "known key",
): Validator {
  const { $schema: _, ...content } = schema;
  const validate = validatorOf(content, "written");
  return (value) => (validate(value) ? [] : schemaFindings(validate.errors ?? [], value, kindOfKey));
}

/** Findings made of one value: a hostile file can have tens of thousands. */
const MAX_FINDINGS = 500;

/** What ajv found, in the words of the config; `kind` is what an unknown key of a place would have been, e.g. `metric`. */
function schemaFindings(
  errors: readonly ErrorObject[],
  value: unknown,
  kindOfKey: (parent: KeyPath, value: unknown) => string,
): Finding[] {
  const told = errors.filter(({ keyword }) => keyword !== "if").slice(0, MAX_FINDINGS);
  return told.map((error) => schemaFinding(error, value, kindOfKey));
}

function schemaFinding(
  error: ErrorObject,
  value: unknown,
  kindOfKey: (parent: KeyPath, value: unknown) => string,
): Finding {
  const path = pathOf(error.instancePath, value);
  const schema = (error.parentSchema ?? {}) as ValueSchema;
  if (error.keyword === "additionalProperties") {
    return unknownKey(path, String(error.params.additionalProperty), schema, kindOfKey(path, value));
  }
  if (error.keyword === "required") return missingKey([...path, String(error.params.missingProperty)], schema);
  if (error.keyword === "uniqueItems") return repeatedItem(path, error);
  const finding = wrongValue(path, error.data, schema);
  return error.keyword === "maxItems" ? { ...finding, hint: `at most ${error.params.limit} are allowed` } : finding;
}

/** A JSON pointer as a path; steps into lists become numbers. */
function pathOf(pointer: string, value: unknown): KeyPath {
  const path: (string | number)[] = [];
  let parent = value;
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(parent) ? Number(name) : name);
    parent = (parent as Record<string, unknown> | null)?.[name];
  }
  return path;
}

function unknownKey(parent: KeyPath, key: string, schema: ValueSchema, kind: string): Finding {
  const known = Object.keys(schema.properties ?? {});
  const path = [...parent, key.length > 60 ? `${key.slice(0, 59)}…` : key];
  const suggestion = didYouMean(key, known);
  const list = known.length > 0 ? `Known here: ${known.join(", ")}` : "There are none";
  return {
    path: [...parent, key],
    at: "key",
    message: `${dotted(path)} is not a ${kind}`,
    hint: suggestion ? `did you mean ${suggestion}?  ${list}` : list,
  };
}

function missingKey(path: KeyPath, parent: ValueSchema): Finding {
  const key = String(path.at(-1));
  const schema = parent.properties?.[key];
  const example = schema?.examples?.[0];
  const add = example === undefined ? "" : `add it, for example  ${key}: ${plain(example)}`;
  return { path, at: "key", message: `${dotted(path)} is missing`, hint: add };
}

function repeatedItem(path: KeyPath, error: ErrorObject): Finding {
  const index = Math.max(Number(error.params.i), Number(error.params.j));
  const item = (error.data as readonly unknown[])[index];
  const shown = typeof item === "string" ? quoted(item) : found(item);
  return { path: [...path, index], message: `${dotted(path)} lists ${shown} twice`, hint: "remove one of them" };
}

function wrongValue(path: KeyPath, value: unknown, schema: ValueSchema): Finding {
  const expected = expectation(schema);
  const name = dotted(path) || "the file";
  if (value === null) {
    return { path, message: `${name} has no value`, hint: `it must be ${expected}` };
  }
  if (isVariable(schema) && typeof value !== "object") return writtenOut(path, `${name} must be ${expected}`);
  const names = (schema.enum ?? []).filter((each) => typeof each === "string");
  const suggestion = typeof value === "string" ? didYouMean(value, names) : null;
  return {
    path,
    message: `${name} must be ${expected}, not ${found(value)}`,
    ...(suggestion && { hint: `did you mean ${suggestion}?` }),
  };
}

/** Whether a schema takes `{ env: NAME }`, in whose place somebody may have written the secret itself. */
function isVariable({ properties = {} }: ValueSchema): boolean {
  return Object.keys(properties).join() === "env";
}

function writtenOut(path: KeyPath, must: string): Finding {
  return {
    path,
    message: `${must}, not the value itself`,
    hint: "name the variable here; if the value is a secret, it is known to whoever reads this file: make a new one",
    secret: true,
  };
}

interface DefaultSchema {
  readonly type?: unknown;
  readonly description?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, DefaultSchema>>;
  readonly items?: DefaultSchema;
}

/** A copy of `value` with every key that was left out and has a default in the schema. */
export function fillDefaults(schema: DefaultSchema, value: Json): Json {
  if (Array.isArray(value)) return schema.items ? value.map((item) => fillDefaults(schema.items!, item)) : value;
  if (value === null || typeof value !== "object" || !schema.properties) return value;
  const filled: Record<string, Json> = { ...(value as Record<string, Json>) };
  for (const [key, member] of Object.entries(schema.properties)) {
    const present = Object.hasOwn(filled, key) ? filled[key] : (member.default as Json | undefined);
    if (present !== undefined) filled[key] = fillDefaults(member, present);
  }
  return filled;
}
