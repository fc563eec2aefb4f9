import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { missingWords } from "./missing-words.ts";
import { columnNotation, type FileNotation, fileNotation, isNumbers, type Notation, total } from "./number-notation.ts";
import type { TextFacts } from "./text-facts.ts";

/** What a column of texts holds. */
export interface TextPlan {
  name: string;
  kind: "number" | "boolean" | "words" | "nothing";
  /** Engine's type of a column of numbers. */
  type: "BIGINT" | "DOUBLE";
  notation: Notation;
  /** Texts of it that stand for a missing value. */
  missing: readonly { word: string; rows: number }[];
}

/** Decides what each column holds; `delimiter` separates the columns of the file. */
export function planTexts(
  names: readonly string[],
  facts: readonly TextFacts[],
  delimiter: string,
): { file: FileNotation; plans: TextPlan[] } {
  const file = fileNotation(
    facts.map(({ counts }) => counts),
    delimiter,
  );
  return { file, plans: facts.map((each, at) => planText(names[at] ?? "", each, file)) };
}

function planText(name: string, { counts, missing }: TextFacts, file: FileNotation): TextPlan {
  const notation = columnNotation(counts, file);
  const isNumber = isNumbers(counts);
  const kind = isNumber ? "number" : total(counts) === 0 ? "nothing" : isBoolean(counts) ? "boolean" : "words";
  const isWhole = counts.dot + counts.comma === 0 && (notation.grouped || total(counts) === counts.whole);
  const taken = kind === "number" ? missing : missing.filter(({ word }) => missingWords.has(word.trim().toLowerCase()));
  return { name, kind, type: isWhole ? "BIGINT" : "DOUBLE", notation, missing: taken };
}

function isBoolean(counts: TextFacts["counts"]): boolean {
  return counts.boolean > 0 && counts.boolean === total(counts);
}

/** SQL of a column that the file's reader gives as text; null when it is to stay as it is. `base` is how SQL gives the text. */
export function textSql({ name, kind, type, notation, missing }: TextPlan, base = quoteName(name)): string | null {
  const words = missing.map(({ word }) => word);
  if (kind === "number") return asNumber(base, notation, words, type);
  const sql = withoutWords(base, words);
  return sql === quoteName(name) ? null : sql;
}

/**
 * Words that no column needs for something else, and that a reader can take for missing in the whole file. Those that a column
 * of words has in more than one of twenty rows are rather a category there: `-` beside `+`.
 */
export function fileWords(plans: readonly TextPlan[], facts: readonly TextFacts[]): string[] {
  const words = new Set(plans.flatMap(({ missing }) => missing.map(({ word }) => word)));
  return [...words].filter((word) =>
    plans.every((plan, at) => {
      if (plan.kind !== "words" || plan.missing.some((each) => each.word === word)) return true;
      const rows = facts[at]?.missing.find((each) => each.word === word)?.rows ?? 0;
      return rows * 20 <= total(facts[at]?.counts ?? ({} as TextFacts["counts"]));
    }),
  );
}

/** SQL of a text column without the words that stand for a missing value. */
function withoutWords(column: string, words: readonly string[]): string {
  if (words.length === 0) return column;
  if (words.length === 1) return `nullif(${column}, ${quoteText(words[0] ?? "")})`;
  return `CASE WHEN ${column} NOT IN (${words.map(quoteText).join(", ")}) THEN ${column} END`;
}

/** SQL that makes numbers of texts in a notation. A text that is none is an error then, not a missing value. */
function asNumber(column: string, notation: Notation, words: readonly string[], type: string): string {
  const other = notation.decimal === "," ? "." : ",";
  const plain = withoutWords(column, words);
  const unspaced = notation.spaced ? `regexp_replace(${plain}, '[ ''’\u00a0\u202f]', '', 'g')` : plain;
  const ungrouped = notation.grouped ? `replace(${unspaced}, '${other}', '')` : unspaced;
  const dotted = notation.decimal === "," ? `replace(${ungrouped}, ',', '.')` : ungrouped;
  return `CAST(nullif(trim(${dotted}), '') AS ${type})`;
}
