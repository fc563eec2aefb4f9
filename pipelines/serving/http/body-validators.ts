import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";

/** What is wrong with a body, as Fastify hands it to the error handler. */
interface ValidationError extends Error {
  validation: readonly ErrorObject[];
}

/** Checks bodies against the schemas of their routes. */
export interface BodyValidators {
  /** For Fastify's `schemaController`. */
  compile(route: { schema: unknown }): (body: unknown) => true | { error: ValidationError } | Promise<true>;
  /** Compiles them before the first body does. */
  load(): Promise<void>;
}

/**
 * Compiles a schema when the first body comes, or once the server is ready: the compiler is a hundred modules, and would be a
 * tenth of the time until a first model answers.
 */
export function openBodyValidators(): BodyValidators {
  const loads: (() => Promise<unknown>)[] = [];
  return {
    compile({ schema }) {
      let compiled: ValidateFunction | null = null;
      const load = async () => {
        const { Ajv2020 } = await import("ajv/dist/2020.js");
        // Wrong is wrong: nothing that a client sent is changed into something that fits.
        compiled ??= new Ajv2020({ allowUnionTypes: true }).compile(schema as object);
        return compiled;
      };
      loads.push(load);
      return (body) => {
        if (compiled === null) return load().then((validate) => orThrow(checked(validate, body)));
        return checked(compiled, body);
      };
    },
    load: async () => void (await Promise.all(loads.map((load) => load()))),
  };
}

function checked(validate: ValidateFunction, body: unknown): true | { error: ValidationError } {
  if (validate(body)) return true;
  const validation = validate.errors ?? [];
  const words = validation.map(({ instancePath, message }) => `body${instancePath} ${message}`).join(", ");
  return { error: Object.assign(new Error(words), { validation }) };
}

function orThrow(found: true | { error: ValidationError }): true {
  if (found === true) return true;
  throw found.error;
}
