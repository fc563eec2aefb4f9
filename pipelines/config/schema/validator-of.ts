import { createRequire } from "node:module";
import type { Options, ValidateFunction } from "ajv";
import { sha256 } from "../canonical-json.ts";

const require = createRequire(import.meta.url);

/** Compiling the meta-schema takes longer than most of ours do. Tests check ours against it. */
const ours = { validateSchema: false, meta: false } as const;

/** A command checks a few files and ends: compiling must be quick. */
const quickStart = { ...ours, inlineRefs: false, code: { optimize: false } } as const;

/** How a schema is meant: what a person wrote, of which every error is told with its value, or what a program wrote. */
export const readings = {
  written: { ...quickStart, allErrors: true, verbose: true, strictTypes: false },
  handed: { ...ours, strict: false, allowUnionTypes: true },
} as const satisfies Record<string, Options>;

export type SchemaUse = keyof typeof readings;

/** By the schema's text: a process that opens several repositories or revisions compiles what they share once. */
const compiled = new Map<string, ValidateFunction>();

/** Text by which a compiled schema is found again: equal schemas have equal ones. */
export function validatorKey(schema: object, reading: SchemaUse): string {
  return sha256(`${reading} ${JSON.stringify(schema)}`);
}

/** A schema (JSON Schema 2020-12) as a function: the packaged one, else compiled once, for which the library is loaded then. */
export function validatorOf(schema: object, reading: SchemaUse): ValidateFunction {
  const key = validatorKey(schema, reading);
  const known = compiled.get(key);
  if (known) return known;
  const made = packagedValidators[key]?.() ?? compile(schema, readings[reading]);
  compiled.set(key, made);
  return made;
}

function compile(schema: object, options: Options): ValidateFunction {
  const { Ajv2020 } = require("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
  return new Ajv2020(options).compile(schema);
}

/** Validators that `npm run package` compiled, by `validatorKey`: a release replaces this module by one that has them. */
const packagedValidators: Readonly<Record<string, () => ValidateFunction>> = {};
