import type { sourceSchemas } from "./schema/sources-schema.ts";

/** A value that an environment variable has. */
export interface FromVariable {
  env: string;
}

/** What a key of a source holds. The keys are flat, so that this is enough, where a general reading of the schemas is too much for the compiler. */
type ValueOf<Schema> = Schema extends { const: infer Value }
  ? Value
  : Schema extends { enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { type: "string" }
      ? string
      : Schema extends { type: "array" }
        ? readonly string[]
        : FromVariable;

type KeysOf<Schema> = Schema extends {
  required: readonly (infer Required extends string)[];
  properties: infer Properties;
}
  ? { readonly [Key in keyof Properties & Required]: ValueOf<Properties[Key]> } & {
      readonly [Key in Exclude<keyof Properties, Required>]?: ValueOf<Properties[Key]>;
    }
  : never;

/** What a source may be: `s3`, `postgres` … */
export type SourceType = keyof typeof sourceSchemas;

/** A source of mergeml.yaml of one type, or of any. */
export type SourceConfig<Type extends SourceType = SourceType> = {
  [Each in Type]: KeysOf<(typeof sourceSchemas)[Each]>;
}[Type];

/** The sources of mergeml.yaml, by name. */
export type Sources = Readonly<Record<string, SourceConfig>>;
