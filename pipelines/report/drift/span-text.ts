import type { Span } from "../../watch/drift/model-drift.ts";

/** Days, the last one included, for a window of whole days; else timestamps, the end excluded. */
export function spanText({ from, to }: Span): string {
  const midnight = (time: string) => /T00:00(:00(\.0+)?)?Z?$/.test(time);
  if (!midnight(from) || !midnight(to)) return `${from.slice(0, 16)}Z … ${to.slice(0, 16)}Z`;
  const last = new Date(Date.parse(to) - 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  return from.startsWith(last) ? last : `${from.slice(0, 10)} … ${last}`;
}
