import type { Json } from "../canonical-json.ts";

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
