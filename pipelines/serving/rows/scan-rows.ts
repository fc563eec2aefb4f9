import type { FeatureSpec } from "../../data/table.ts";
import {
  CellProblems,
  missingColumn,
  RefusedRequest,
  type RowBatch,
  type RowColumn,
  type RowSignature,
  shownValue,
} from "../served-model.ts";
import { keyText, largestNumber, openCells } from "./cells.ts";
import { growing } from "./growing.ts";
import { type CursorRoom, JsonCursor, openByteLevels, valueKinds } from "./json-cursor.ts";

const [listStart, listEnd, rowStart, rowEnd, comma, colon] = [0x5b, 0x5d, 0x7b, 0x7d, 0x2c, 0x3a];

/**
 * Rows of a JSON body that are as programs write them: a list, or `{ "rows": [ … ] }`, of flat objects with the same names in the same
 * order, and nothing wrong. null for all others, which JSON.parse and `readJsonRows` read, or refuse in words. What this gives is what
 * they would give; it takes half of their time, since no object is made for a row and no string for a value.
 */
export function scanJsonRows(body: Buffer, signature: RowSignature, room: CursorRoom): RowBatch | null {
  const cursor = new JsonCursor(body, room);
  const isWrapped = cursor.take(rowStart);
  if (isWrapped && !(cursor.takeName(Buffer.from("rows")) && cursor.take(colon))) return null;
  if (!cursor.take(listStart)) return null;
  const slots = openSlots(cursor, signature);
  if (slots === null) return null;
  let rows = 0;
  do {
    if (!scanRow(cursor, slots.all, rows)) return null;
    rows += 1;
  } while (cursor.take(comma));
  if (!cursor.take(listEnd) || (isWrapped && !cursor.take(rowEnd)) || !cursor.isAtEnd()) return null;
  const keys = slots.keys(rows);
  return keys === undefined ? null : { rows, columns: slots.features.map((each) => each.column(rows)), keys };
}

/** One name of the rows, and who wants what stands there: nobody when it is another column. */
interface Slot {
  name: Buffer;
  /** What stood before its value in the first row, from the value before: it does so in the others, too, but for the space. */
  before: Buffer;
  feature: Sink | null;
  key: Sink | null;
}

interface Sink {
  /** false when the value is not one that can be taken as it is. */
  write(row: number, cursor: JsonCursor): boolean;
}

function scanRow(cursor: JsonCursor, slots: readonly Slot[], row: number): boolean {
  for (let place = 0; place < slots.length; place++) {
    const { name, before, feature, key } = slots[place]!;
    if (!cursor.takeBytes(before) && !takePlace(cursor, place === 0 ? rowStart : comma, name)) return false;
    if (!cursor.takeValue()) return false;
    if (feature !== null && !feature.write(row, cursor)) return false;
    if (key !== null && !key.write(row, cursor)) return false;
  }
  return cursor.take(rowEnd);
}

function takePlace(cursor: JsonCursor, sign: number, name: Buffer): boolean {
  return cursor.take(sign) && cursor.takeName(name) && cursor.take(colon);
}

interface Slots {
  all: readonly Slot[];
  /** In the order of the signature. */
  features: readonly FeatureSink[];
  /** null: the rows have none. undefined: they have but a part of one. */
  keys(rows: number): RowBatch["keys"] | undefined;
}

/** Looks at the first row, where the cursor stays. null when it is not plain, or has no value for some feature. */
function openSlots(cursor: JsonCursor, { features, key }: RowSignature): Slots | null {
  const start = cursor.at;
  const found = placesOf(cursor);
  if (found === null) return null;
  const names = found.map(({ name }) => name);
  const expected = Math.ceil(cursor.length / (cursor.at - start)) + 1;
  cursor.at = start;
  if (new Set(names).size < names.length || !features.every(({ name }) => names.includes(name))) return null;
  const sinks = features.map((spec) => openFeature(spec, expected));
  const keys = key.map(() => openKeyPart());
  const known = key.filter((name) => names.includes(name)).length;
  const all = found.map(({ name, before }) => {
    const [feature, part] = [features.findIndex((each) => each.name === name), key.indexOf(name)];
    return { name: Buffer.from(name), before, feature: sinks[feature] ?? null, key: keys[part] ?? null };
  });
  return {
    ...{ all, features: sinks },
    keys(rows) {
      if (known === 0) return null;
      if (known < key.length) return undefined;
      return Array.from({ length: rows }, (_, row) => keyText(keys.map(({ parts }) => parts[row])) ?? null);
    },
  };
}

/** The names of a row, and what stands before the value of each. */
function placesOf(cursor: JsonCursor): { name: string; before: Buffer }[] | null {
  const found: { name: string; before: Buffer }[] = [];
  let from = cursor.at;
  for (let sign = rowStart; cursor.take(sign); sign = comma) {
    if (!cursor.takeText()) return null;
    const name = cursor.text();
    if (!cursor.take(colon)) return null;
    cursor.skipSpace();
    const before = cursor.bytes.subarray(from, cursor.at);
    if (!cursor.takeValue()) return null;
    from = cursor.at;
    found.push({ name, before });
  }
  return cursor.take(rowEnd) ? found : null;
}

interface FeatureSink extends Sink {
  column(rows: number): RowColumn;
}

function openFeature(spec: FeatureSpec, expected: number): FeatureSink {
  if (spec.kind === "category") return openCategory(spec.name, expected);
  const { name, kind } = spec;
  const values = growing((size) => new Float64Array(size), expected);
  const isBoolean = kind === "boolean";
  return {
    write(row, cursor) {
      const value = numberAt(cursor);
      if (value === undefined || (isBoolean && value !== 0 && value !== 1 && !Number.isNaN(value))) return false;
      values.at(row)[row] = value;
      return true;
    },
    column: (rows) => ({ name, kind: isBoolean ? "boolean" : "number", values: values.at(0).subarray(0, rows) }),
  };
}

/** NaN for a missing one. undefined when it is no number that a model takes. */
function numberAt({ kind, number }: JsonCursor): number | undefined {
  if (kind === valueKinds.number) return number >= -largestNumber && number <= largestNumber ? number : undefined;
  if (kind === valueKinds.null) return Number.NaN;
  return kind === valueKinds.text ? undefined : Number(kind === valueKinds.true);
}

function openCategory(name: string, expected: number): FeatureSink {
  const levels = openByteLevels(expected);
  return {
    write(row, cursor) {
      if (cursor.kind === valueKinds.text) return levels.write(row, cursor);
      levels.writeMissing(row);
      return cursor.kind === valueKinds.null;
    },
    column: (rows) => ({ name, kind: "category", ...levels.texts(rows) }),
  };
}

function openKeyPart(): Sink & { parts: unknown[] } {
  const parts: unknown[] = [];
  return {
    parts,
    write(_row, cursor) {
      const { kind, number } = cursor;
      if (kind === valueKinds.text) parts.push(cursor.text());
      else if (kind === valueKinds.number) parts.push(number);
      else parts.push(kind === valueKinds.null ? null : kind === valueKinds.true);
      return true;
    },
  };
}

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
