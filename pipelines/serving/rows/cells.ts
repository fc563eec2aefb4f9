import type { FeatureSpec } from "../../data/table.ts";
import { type CellProblems, type CodedTexts, type RowColumn, shownValue } from "../served-model.ts";
import { openLevels } from "./levels.ts";

/** The largest number that the model's float32 holds. */
export const largestNumber = 3.4028234663852886e38;

/** A column that is filled row by row, or at once. */
export interface CellWriter {
  /** Row numbers count from 0 here. `undefined` is told as missing by the caller. */
  write(row: number, value: unknown): void;
  /** All rows. NaN stands for a missing value where the caller says so. */
  fill(values: ArrayLike<unknown>, nanIsMissing?: boolean): void;
  /** All rows, as texts of which the different ones are known. */
  fillTexts(texts: CodedTexts): void;
  column(): RowColumn;
}

/** Room for the values of one feature. What cannot be one is added to `problems`. */
export function openCells(spec: FeatureSpec, rows: number, problems: CellProblems): CellWriter {
  return spec.kind === "category" ? openTexts(spec, rows, problems) : openNumbers(spec, rows, problems);
}

function openNumbers(spec: FeatureSpec, rows: number, problems: CellProblems): CellWriter {
  const values = new Float64Array(rows);
  const { name } = spec;
  const kind = spec.kind === "boolean" ? "boolean" : "number";
  const isNumber = kind === "number";
  const write = (row: number, value: unknown) => {
    if (isNumber && typeof value === "number" && value >= -largestNumber && value <= largestNumber) values[row] = value;
    else if (value === null) values[row] = Number.NaN;
    else {
      const wrong = isNumber ? wrongNumber(value) : wrongBoolean(value);
      if (wrong !== null) problems.add(row + 1, name, () => `${name} is ${wrong}`);
      else values[row] = Number(value);
    }
  };
  return {
    write,
    fill(source, nanIsMissing = false) {
      for (let row = 0; row < rows; row++) {
        const value = source[row];
        if (isNumber && typeof value === "number" && value >= -largestNumber && value <= largestNumber)
          values[row] = value;
        else write(row, nanIsMissing && Number.isNaN(value) ? null : value);
      }
    },
    fillTexts({ codes, levels }) {
      for (let row = 0; row < rows; row++) write(row, levels[codes[row]!] ?? null);
    },
    column: () => ({ name, kind, values }),
  };
}

/** Why a value is no number of a model; null when it is one, as true is 1. */
function wrongNumber(value: unknown): string | null {
  if (typeof value === "boolean") return null;
  if (typeof value === "bigint") return wrongNumber(Number(value));
  if (typeof value !== "number") return `${shownValue(value)}, a number was expected`;
  if (Number.isFinite(value))
    return Math.abs(value) <= largestNumber ? null : `${value}, and the model's 32-bit numbers end at 3.4e38`;
  return `${value}, a finite number was expected (null stands for a missing value)`;
}

function wrongBoolean(value: unknown): string | null {
  if (typeof value === "boolean" || value === 0 || value === 1 || value === 0n || value === 1n) return null;
  return `${shownValue(value)}, true or false was expected`;
}

function openTexts(spec: FeatureSpec, rows: number, problems: CellProblems): CellWriter {
  const { name } = spec;
  const own = openLevels();
  let { codes, levels }: CodedTexts = { codes: new Int32Array(rows).fill(-1), levels: own.levels };
  const write = (row: number, value: unknown) => {
    if (value === null) return;
    const text = typeof value === "string" ? value : categoryText(value);
    if (text === null) problems.add(row + 1, name, () => `${name} is ${shownValue(value)}, a text was expected`);
    else if (text.includes("\0")) problems.add(row + 1, name, nullCharacter);
    else codes[row] = own.codeOf(text);
  };
  const nullCharacter = () => `${name} has a null character, which no category may have`;
  return {
    write,
    fill(source, nanIsMissing = false) {
      for (let row = 0; row < rows; row++) {
        const value = source[row];
        const known = typeof value === "string" ? own.known(value) : -1;
        if (known >= 0) codes[row] = known;
        else write(row, nanIsMissing && Number.isNaN(value) ? null : value);
      }
    },
    fillTexts(texts) {
      ({ codes, levels } = texts);
      const wrong = levels.findIndex((text) => text.includes("\0"));
      if (wrong < 0) return;
      for (let row = 0; row < rows; row++)
        if (levels[codes[row]!]?.includes("\0")) problems.add(row + 1, name, nullCharacter);
    },
    column: () => ({ name, kind: "category", codes, levels }),
  };
}

/** As training casts it. Fractions are no categories: `5` and `5.0` would be two. */
function categoryText(value: unknown): string | null {
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  return Number.isSafeInteger(value) ? String(value) : null;
}

/** Text that identifies a row, as `logKey` makes it in SQL; null when a part is missing. `undefined` when a part is no value of a key. */
export function keyText(parts: readonly unknown[]): string | null | undefined {
  if (parts.length === 1) return keyPart(parts[0]);
  const texts: string[] = [];
  for (const part of parts) {
    const text = keyPart(part);
    if (typeof text !== "string") return text;
    texts.push(text);
  }
  return JSON.stringify(texts);
}

function keyPart(part: unknown): string | null | undefined {
  if (typeof part === "string") return part;
  if (part === null || part === undefined) return null;
  return ["number", "boolean", "bigint"].includes(typeof part) ? String(part) : undefined;
}
