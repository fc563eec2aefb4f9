import type { FeatureSpec } from "../../data/table.ts";
import type { RowColumn } from "../row-batch.ts";
import { type CellProblems, shownValue } from "./refused-request.ts";

/** The largest number that the model's float32 holds. */
const largest = 3.4028234663852886e38;

/** A column that is filled row by row. */
export interface CellWriter {
  readonly spec: FeatureSpec;
  /** Row numbers count from 0 here. `undefined` is told as missing by the caller. */
  write(row: number, value: unknown): void;
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
  return {
    spec,
    write(row, value) {
      if (typeof value === "number" && kind === "number" && value >= -largest && value <= largest) values[row] = value;
      else if (value === null) values[row] = Number.NaN;
      else {
        const wrong = kind === "number" ? wrongNumber(value) : wrongBoolean(value);
        if (wrong !== null) problems.add(row + 1, name, () => `${name} is ${wrong}`);
        else values[row] = Number(value);
      }
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
    return Math.abs(value) <= largest ? null : `${value}, and the model's 32-bit numbers end at 3.4e38`;
  return `${value}, a finite number was expected (null stands for a missing value)`;
}

function wrongBoolean(value: unknown): string | null {
  if (typeof value === "boolean" || value === 0 || value === 1 || value === 0n || value === 1n) return null;
  return `${shownValue(value)}, true or false was expected`;
}

function openTexts(spec: FeatureSpec, rows: number, problems: CellProblems): CellWriter {
  const values = new Array<string | null>(rows).fill(null);
  const { name } = spec;
  return {
    spec,
    write(row, value) {
      if (typeof value === "string") {
        if (value.includes("\0"))
          problems.add(row + 1, name, () => `${name} has a null character, which no category may have`);
        else values[row] = value;
      } else if (value !== null) {
        const text = categoryText(value);
        if (text === null) problems.add(row + 1, name, () => `${name} is ${shownValue(value)}, a text was expected`);
        else values[row] = text;
      }
    },
    column: () => ({ name, kind: "category", values }),
  };
}

/** As training casts it. Fractions are no categories: `5` and `5.0` would be two. */
function categoryText(value: unknown): string | null {
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  return Number.isSafeInteger(value) ? String(value) : null;
}

/** Text that identifies a row, as `logKey` makes it in SQL; null when a part is missing. `undefined` when a part is no value of a key. */
export function keyText(parts: readonly unknown[]): string | null | undefined {
  const texts: string[] = [];
  for (const part of parts) {
    if (part === null || part === undefined) return null;
    if (!["string", "number", "boolean", "bigint"].includes(typeof part)) return undefined;
    texts.push(String(part));
  }
  return texts.length === 1 ? texts[0]! : JSON.stringify(texts);
}
