import type { CodedTexts } from "../row-batch.ts";
import { type Levels, openLevels } from "../rows/levels.ts";
import type { LoggedLevels } from "./log-table.ts";

/** Texts of the columns of one sheet, by column: each goes to the writer once. */
export interface SheetTexts {
  of(column: number): Levels;
  /** Those that came since this was last asked. */
  news(): LoggedLevels[];
}

export function openSheetTexts(): SheetTexts {
  const columns = new Map<number, { levels: Levels; told: number }>();
  return {
    of(column) {
      let known = columns.get(column);
      if (!known) columns.set(column, (known = { levels: openLevels(), told: 0 }));
      return known.levels;
    },
    news() {
      return [...columns].flatMap(([column, known]) => {
        const first = known.told;
        known.told = known.levels.levels.length;
        return first === known.told ? [] : [{ column, first, texts: known.levels.levels.slice(first) }];
      });
    },
  };
}

/** Codes of a request's texts as the sheet has them, for the rows that are taken; all when null. A missing one is −1. */
export function sheetCodes(
  { codes, levels }: CodedTexts,
  taken: readonly number[] | null,
  { of, into, from, rows }: { of: Levels; into: Int32Array; from: number; rows: number },
): void {
  const codeAt = (row: number) => codes[taken === null ? row : taken[row]!]!;
  if (rows === 1) {
    const text = levels[codeAt(0)];
    into[from] = text === undefined ? -1 : of.codeOf(text);
    return;
  }
  const places = new Int32Array(levels.length).fill(-1);
  for (let row = 0; row < rows; row++) {
    const code = codeAt(row);
    // Only what a logged row has is told to the writer.
    if (code >= 0 && places[code] === -1) places[code] = of.codeOf(levels[code]!);
    into[from + row] = code < 0 ? -1 : places[code]!;
  }
}
