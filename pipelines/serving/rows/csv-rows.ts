import { isUtf8 } from "node:buffer";
import {
  CellProblems,
  missingColumn,
  RefusedRequest,
  type RowBatch,
  type RowSignature,
  shownValue,
} from "../served-model.ts";
import { keyText, openCells } from "./cells.ts";

/** Rows of a CSV body with a header (RFC 4180). An empty field is a missing value. Throws RefusedRequest that names row and column. */
export function readCsvRows(body: Buffer, signature: RowSignature): RowBatch {
  if (!isUtf8(body)) throw new RefusedRequest(400, "the CSV is not valid UTF-8");
  const [header, ...rows] = parseCsv(body.toString("utf8").replace(/^\uFEFF/, ""));
  if (header === undefined || rows.length === 0)
    throw new RefusedRequest(422, "there are no rows; a header and at least one line were expected");
  const problems = new CellProblems();
  const places = new Map(header.map((name, at) => [name, at]));
  const twice = header.find((name, at) => places.get(name) !== at);
  if (twice !== undefined) throw new RefusedRequest(422, `the header has ${JSON.stringify(twice)} twice`);
  for (const [at, row] of rows.entries())
    if (row.length !== header.length)
      problems.add(at + 1, null, () => `it has ${row.length} fields, the header has ${header.length}`);
  problems.refuse();
  const columns = signature.features.map((spec) => {
    const place = places.get(spec.name);
    const cells = openCells(spec, rows.length, problems);
    if (place === undefined) problems.add(null, spec.name, () => missingColumn(spec, header, signature));
    else for (const [at, row] of rows.entries()) cells.write(at, typed(row[place]!, spec.kind));
    return cells.column();
  });
  problems.refuse();
  return { rows: rows.length, columns, keys: keysOf(header, rows, signature.key) };
}

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const infinite = /^[+-]?(nan|inf|infinity)$/i;
const truths: Readonly<Record<string, boolean>> = {
  ...{ true: true, t: true, yes: true, y: true, 1: true },
  ...{ false: false, f: false, no: false, n: false, 0: false },
};

/** A field as the value that it stands for; a text that stands for none stays a text, which is refused then. */
function typed(field: string, kind: RowSignature["features"][number]["kind"]): unknown {
  if (kind === "category") return field === "" ? null : field;
  const text = field.trim();
  if (text === "") return null;
  if (kind === "boolean") return Object.hasOwn(truths, text.toLowerCase()) ? truths[text.toLowerCase()] : text;
  if (infinite.test(text)) return Number.NaN;
  return numeral.test(text) ? Number(text) : text;
}

function keysOf(header: readonly string[], rows: readonly string[][], key: readonly string[]): RowBatch["keys"] {
  const places = key.map((name) => header.indexOf(name));
  if (places.length === 0 || places.includes(-1)) return null;
  return rows.map((row) => keyText(places.map((place) => (row[place] === "" ? null : row[place]))) ?? null);
}

/** Fields of each line. Throws RefusedRequest (400) for a quote that does not end, or that ends before its field does. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (let at = 0; at < text.length; ) {
    const row: string[] = [];
    for (let more = true; more; ) {
      const field = text[at] === '"' ? quotedField(text, at, rows.length) : plainField(text, at);
      row.push(field.value);
      at = field.end;
      more = text[at] === ",";
      if (more) at += 1;
    }
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
    if (row.length > 1 || row[0] !== "") rows.push(row);
  }
  return rows;
}

function plainField(text: string, from: number): { value: string; end: number } {
  let end = from;
  while (end < text.length && text[end] !== "," && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return { value: text.slice(from, end), end };
}

function quotedField(text: string, from: number, row: number): { value: string; end: number } {
  const place = row === 0 ? "the header" : `row ${row}`;
  let value = "";
  for (let start = from + 1; ; ) {
    const quote = text.indexOf('"', start);
    if (quote < 0) throw new RefusedRequest(400, `the CSV is malformed: a quote in ${place} does not end`);
    value += text.slice(start, quote);
    const next = text[quote + 1];
    if (next === '"') {
      value += '"';
      start = quote + 2;
    } else if (next === undefined || next === "," || next === "\n" || next === "\r") return { value, end: quote + 1 };
    else
      throw new RefusedRequest(
        400,
        `the CSV is malformed: after the quote in ${place} comes ${shownValue(next)}, a comma was expected`,
      );
  }
}
