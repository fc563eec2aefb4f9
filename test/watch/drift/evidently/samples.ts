import type { CategorySample, NumberSample } from "../../../../pipelines/watch/drift/evidently/sample.ts";

export function numbers(values: Iterable<number>): NumberSample {
  return { kind: "numeric", values: Float64Array.from(values).sort() };
}

export function sequence(rows: number, value: (row: number) => number): NumberSample {
  return numbers(Array.from({ length: rows }, (_, row) => value(row)));
}

export function counted(rows: Record<string, number>): CategorySample {
  return { kind: "category", counts: new Map(Object.entries(rows)) };
}

export function categories(values: readonly string[]): CategorySample {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return { kind: "category", counts };
}
