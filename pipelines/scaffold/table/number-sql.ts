import { quoteText } from "../../data/engines/tables.ts";
import type { Notation } from "./number-notation.ts";

/** SQL of a text column without the words that stand for a missing value. */
export function withoutWords(column: string, words: readonly string[]): string {
  if (words.length === 0) return column;
  if (words.length === 1) return `nullif(${column}, ${quoteText(words[0] ?? "")})`;
  return `CASE WHEN ${column} NOT IN (${words.map(quoteText).join(", ")}) THEN ${column} END`;
}

/** SQL that makes numbers of texts in a notation. A text that is none is an error then, not a missing value. */
export function asNumber(column: string, notation: Notation, words: readonly string[], type: string): string {
  const other = notation.decimal === "," ? "." : ",";
  const plain = withoutWords(column, words);
  const unspaced = notation.spaced ? `regexp_replace(${plain}, '[ ''’\u00a0\u202f]', '', 'g')` : plain;
  const ungrouped = notation.grouped ? `replace(${unspaced}, '${other}', '')` : unspaced;
  const dotted = notation.decimal === "," ? `replace(${ungrouped}, ',', '.')` : ungrouped;
  return `CAST(nullif(trim(${dotted}), '') AS ${type})`;
}
