import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { SchemaDocument } from "../model-schema.ts";
import type { Finding, KeyPath } from "../yaml/finding.ts";
import { schemaFindings } from "./schema-findings.ts";

/** Checks a value; never changes it. */
export type Validator = (value: unknown) => Finding[];

/** Every error, each with the schema and the value it is about. */
const reporting = { allErrors: true, verbose: true } as const;

/** A command checks a few files and ends: compiling must be quick. Tests check our schemas against the meta-schema. */
const quickStart = { validateSchema: false, meta: false, inlineRefs: false, code: { optimize: false } } as const;

/** By the schema's text: a process that opens several repositories or revisions compiles what they share once. */
const compiled = new Map<string, ValidateFunction>();

/** Compiles a schema once for many values. `kindOfKey` says what an unknown key would have been: `key`, `metric`, `param of linear`. */
export function compileSchema(
  schema: SchemaDocument,
  kindOfKey: (parent: KeyPath, value: unknown) => string = () => "known key",
): Validator {
  const { $schema: _, ...content } = schema;
  const validate = validatorOf(content);
  return (value) => (validate(value) ? [] : schemaFindings(validate.errors ?? [], value, kindOfKey));
}

function validatorOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known) return known;
  const made = new Ajv2020({ ...reporting, ...quickStart, strictTypes: false }).compile(schema);
  compiled.set(text, made);
  return made;
}
