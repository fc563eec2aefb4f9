import { type Column, type DataType, Type, tableFromIPC } from "@uwdata/flechette";
import { serveRequests } from "../../ports/process/serve-requests.ts";
import { keyText, openCells } from "../rows/cells.ts";
import { CellProblems, missingColumn, RefusedRequest, type RowBatch, type RowSignature } from "../served-model.ts";
import type { ArrowReply, ArrowRequest } from "./arrow-reader.ts";

/** Kinds of Arrow columns whose values can be those of a feature or a key; others, such as times, would be numbers by accident. */
const usable = new Set(["Null", "Int", "Float", "Utf8", "LargeUtf8", "Utf8View", "Bool", "Decimal", "Dictionary"]);

serveRequests(async ({ body, signature }: ArrowRequest): Promise<ArrowReply> => {
  try {
    // In memory of its own: the message's bytes lie somewhere in what was received, and the library reads words where they lie.
    return { batch: readArrowRows(new Uint8Array(body), signature) };
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    const { status, message, problems } = error;
    return { refused: { status, message, problems } };
  }
});

/** Rows of an Arrow IPC stream or file. Null is a missing value. Throws RefusedRequest that names row and column. */
function readArrowRows(body: Uint8Array, signature: RowSignature): RowBatch {
  const kindOf = ({ typeId }: DataType) => Object.entries(Type).find(([, id]) => id === typeId)?.[0] ?? "unknown";
  const table = orMalformed(() => tableFromIPC(body, { useBigInt: true }));
  const rows = table.numRows;
  if (rows === 0) throw new RefusedRequest(422, "there are no rows; at least one was expected");
  // A column of nulls takes no bytes, whatever its length says.
  if (rows > body.length * 8) throw new RefusedRequest(422, `${rows} rows do not fit into ${body.length} bytes`);
  const names = table.names as string[];
  const problems = new CellProblems();
  const valuesOf = (name: string): ArrayLike<unknown> | null => {
    const column = names.includes(name) ? (table.getChild(name) as Column<unknown>) : null;
    if (column === null) return null;
    const kind = kindOf(column.type);
    if (!usable.has(kind)) problems.add(null, name, () => `${name} is an Arrow column of type ${kind}`);
    return usable.has(kind) ? orMalformed(() => lengthOf(column.toArray(), rows, name)) : [];
  };
  const columns = signature.features.map((spec) => {
    const cells = openCells(spec, rows, problems);
    const values = valuesOf(spec.name);
    if (values === null) problems.add(null, spec.name, () => missingColumn(spec, names, signature));
    else cells.fill(values);
    return cells.column();
  });
  const parts = signature.key.map(valuesOf);
  problems.refuse();
  const whole = parts.length > 0 && parts.every((part) => part !== null);
  const keys = whole ? Array.from({ length: rows }, (_, row) => keyText(parts.map((part) => part[row])) ?? null) : null;
  return { rows, columns, keys };
}

function lengthOf(values: ArrayLike<unknown>, rows: number, name: string): ArrayLike<unknown> {
  if (values.length === rows) return values;
  throw new Error(`the column ${name} has ${values.length} values, not ${rows}`);
}

/** The library throws whatever comes about when bytes are not what they say. */
function orMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RefusedRequest(400, `the body is no Arrow IPC stream: ${(error as Error).message.slice(0, 200)}`);
  }
}
