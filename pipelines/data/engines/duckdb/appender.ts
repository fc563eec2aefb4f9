import type { DuckDBConnection } from "@duckdb/node-api";
import type { Vector } from "@duckdb/node-bindings";
import { type Appender, chunkRows, type FilledNumbers, type FilledType } from "../session.ts";

/** What the engine keeps of each type. */
const arrays: Partial<Record<FilledType, { new (length: number): FilledNumbers }>> = {
  ...{ INTEGER: Int32Array, BIGINT: BigInt64Array, TIMESTAMPTZ: BigInt64Array },
  ...{ FLOAT: Float32Array, DOUBLE: Float64Array },
};

/** An appender on a temporary table of these types. */
export async function openAppender(
  connection: DuckDBConnection,
  table: string,
  names: readonly FilledType[],
): Promise<Appender> {
  const { DuckDBDataChunk, BOOLEAN, INTEGER, BIGINT, FLOAT, DOUBLE, VARCHAR, TIMESTAMPTZ } = await import(
    "@duckdb/node-api"
  );
  const { default: bindings } = await import("@duckdb/node-bindings");
  const types = names.map((name) => ({ BOOLEAN, INTEGER, BIGINT, FLOAT, DOUBLE, VARCHAR, TIMESTAMPTZ })[name]);
  const appender = await connection.createAppender(table, null, "temp");
  const copy = (vector: Vector, { buffer, byteOffset, byteLength }: FilledNumbers) =>
    bindings.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, byteLength);
  const noneValid = new ArrayBuffer(chunkRows / 8);
  return {
    append(size, valuesOf) {
      if (size > chunkRows) throw new Error(`${size} rows are more than a chunk holds`);
      const chunk = DuckDBDataChunk.create(types, size);
      const vector = (at: number) => bindings.data_chunk_get_vector(chunk.chunk, at);
      for (const [at, name] of names.entries()) {
        const values = valuesOf(at);
        if (Array.isArray(values)) chunk.setColumnValues(at, values);
        else if (values === null) {
          bindings.vector_ensure_validity_writable(vector(at));
          bindings.copy_data_to_vector_validity(vector(at), 0, noneValid, 0, Math.ceil(size / 64) * 8);
        } else if (values instanceof (arrays[name] ?? Array) && values.length === size) copy(vector(at), values);
        // The engine takes bytes for what its type says that they are.
        else throw new Error(`${values.constructor.name}(${values.length}) is not ${size} values of ${name}`);
      }
      appender.appendDataChunk(chunk);
    },
    close: () => appender.closeSync(),
  };
}
