import type { Json } from "./canonical-json.ts";

/** A block of keys, as opposed to a list or a single value. */
export function isBlock(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value over the defaults: blocks are merged key by key, anything else is replaced. Neither is changed. */
export function mergeDefaults(defaults: Json, value: Json): Json {
  if (!isBlock(defaults) || !isBlock(value)) return value;
  const merged: Record<string, Json> = { ...defaults };
  for (const [key, member] of Object.entries(value)) {
    merged[key] = Object.hasOwn(defaults, key) ? mergeDefaults(defaults[key]!, member) : member;
  }
  return merged;
}
