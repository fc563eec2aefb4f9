import type { RowBatch } from "../row-batch.ts";
import { keyText, openCells } from "./cells.ts";
import { CellProblems, RefusedRequest, shownValue } from "./refused-request.ts";
import { missingColumn, type RowSignature } from "./row-signature.ts";

/** The rows of a JSON body: a list of objects, `{ "rows": [ … ] }`, or one object. */
export function jsonRowList(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  if (typeof body !== "object" || body === null)
    throw new RefusedRequest(
      400,
      `the body is ${shownValue(body)}; a list of rows was expected, each an object by column name`,
    );
  const { rows } = body as { rows?: unknown };
  return Array.isArray(rows) ? rows : [body];
}

/** Rows as objects by column name. Other columns are ignored. Throws RefusedRequest that names row and column. */
export function readJsonRows(rows: readonly unknown[], signature: RowSignature): RowBatch {
  if (rows.length === 0) throw new RefusedRequest(422, "there are no rows; a list of at least one was expected");
  const problems = new CellProblems();
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (typeof row !== "object" || row === null || Array.isArray(row))
      problems.add(at + 1, null, () => `the row is ${shownValue(row)}, an object by column name was expected`);
  }
  problems.refuse();
  const objects = rows as readonly Readonly<Record<string, unknown>>[];
  const values = new Array<unknown>(objects.length);
  const columns = signature.features.map((spec) => {
    const { name } = spec;
    const cells = openCells(spec, objects.length, problems);
    for (let at = 0; at < objects.length; at++) {
      const row = objects[at]!;
      values[at] = row[name];
      // What every object inherits, such as `constructor`, is no value of a row.
      if (values[at] === undefined || (typeof values[at] === "function" && !Object.hasOwn(row, name))) {
        problems.add(at + 1, name, () => missingColumn(spec, Object.keys(row), signature));
        values[at] = null;
      }
    }
    cells.fill(values);
    return cells.column();
  });
  const keys = keysOf(objects, signature.key, problems);
  problems.refuse();
  return { rows: objects.length, columns, keys };
}

function keysOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  key: readonly string[],
  problems: CellProblems,
): RowBatch["keys"] {
  if (key.length === 0 || !rows.some((row) => Object.hasOwn(row, key[0]!))) return null;
  return rows.map((row, at) => {
    const text = keyText(key.map((name) => (Object.hasOwn(row, name) ? row[name] : null)));
    if (text === undefined)
      problems.add(at + 1, key.join(", "), () => `the key ${key.join(", ")} is no text and no number`);
    return text ?? null;
  });
}
