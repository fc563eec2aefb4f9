/** A column of an answer, as the generated client reads it: values of one type, and a bit each that says which are null. */
export type ColumnSet = Readonly<Record<string, { values: readonly unknown[]; nulls: Buffer } | null | undefined>>;

/** The rows of an answer that came by columns. */
export function rowsOfColumns(names: readonly string[], columns: readonly ColumnSet[]): Record<string, unknown>[] {
  const cells = columns.map(cellsOf);
  return Array.from({ length: cells[0]?.length ?? 0 }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, cells[at]?.[row] ?? null])),
  );
}

function cellsOf(column: ColumnSet): unknown[] {
  const filled = Object.values(column).find((each) => each !== null && each !== undefined && "values" in each);
  if (!filled) return [];
  const { values, nulls } = filled;
  return values.map((value, at) => (((nulls[at >> 3] ?? 0) >> (at & 7)) & 1 ? null : plain(value)));
}

/** The library's 64-bit integers are eight bytes, most significant first. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("buffer" in value)) return value;
  const { buffer, offset } = value as { buffer: Buffer; offset: number };
  return Buffer.from(buffer).readBigInt64BE(offset);
}
