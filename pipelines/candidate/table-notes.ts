import type { CategoryColumn, Table, Target } from "../data/table.ts";
import { countOf, formatCount, formatPercent } from "../statistics/format-number.ts";

/** What a careful person would ask about the rows that a model learns from. */
interface TrainedOn {
  table: Table;
  /** Name of the target. */
  target: string;
  /** Rows below which boosting takes a category together with others; null for trainers without such a limit. */
  minRows: number | null;
}

const manyClasses = 50;
const numbersShare = 0.95;
const mostNotes = 20;
const mostExamples = 3;

const number = /^\s*[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s*$/;
const code = /^\s*0\d/;

/** Warnings of a train split: categories that are rather numbers, too many or too rare classes, values too rare to be told apart. */
export function tableNotes({ table, target, minRows }: TrainedOn): string[] {
  const columns = table.features.flatMap((feature) => (feature.kind === "category" ? [feature] : []));
  const notes = [
    ...classNotes(target, table.target),
    ...columns.flatMap((column) => categoryNotes(column, countCodes(column.codes, column.levels.length), minRows)),
  ];
  const more = notes.length - mostNotes;
  return more > 0 ? [...notes.slice(0, mostNotes), `and ${formatCount(more)} more of such notes`] : notes;
}

function countCodes(codes: Int32Array, levels: number): number[] {
  const counts = new Array<number>(levels).fill(0);
  for (const each of codes) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

function classNotes(name: string, target: Target): string[] {
  if (target.task !== "classification") return [];
  const { classes, codes } = target;
  const counts = countCodes(codes, classes.length);
  const single = classes.filter((_, at) => counts[at] === 1);
  const many = `the target ${name} has ${formatCount(classes.length)} classes in ${countOf(codes.length, "row")}: group rare ones in the query, or is it a number to predict (task: regression)?`;
  const rare = `${formatCount(single.length)} ${single.length === 1 ? "class has" : "classes have"} a single row to learn from: ${examples(single)}`;
  return [...(classes.length > manyClasses ? [many] : []), ...(single.length > 0 ? [rare] : [])];
}

function categoryNotes({ name, levels }: CategoryColumn, counts: readonly number[], minRows: number | null): string[] {
  const given = levels.flatMap((level, at) => (level === "" ? [] : [{ level, rows: counts[at] ?? 0 }]));
  const rows = given.reduce((sum, each) => sum + each.rows, 0);
  if (rows === 0) return [];
  return [...numberNotes(name, given, rows), ...rareNotes(name, given, minRows)];
}

type Level = { level: string; rows: number };

function numberNotes(name: string, given: readonly Level[], rows: number): string[] {
  if (given.some(({ level }) => code.test(level))) return [];
  const words = given.filter(({ level }) => !number.test(level));
  const share = 1 - words.reduce((sum, each) => sum + each.rows, 0) / rows;
  if (share < numbersShare) return [];
  const others = words.length === 0 ? "all" : formatPercent(share, 3);
  const hint =
    words.length === 0
      ? "cast it"
      : `read ${examples(words.map(({ level }) => level))} as missing (nullstr of read_csv), or cast it`;
  return [`${name} is a category, but ${others} of its values are numbers: ${hint}`];
}

function rareNotes(name: string, given: readonly Level[], minRows: number | null): string[] {
  if (minRows === null || given.length < 2 || given.some(({ rows }) => rows >= minRows)) return [];
  return [
    `no value of ${name} has ${formatCount(minRows)} rows (min_rows_per_leaf), so that all are taken as one: it cannot help; group its values, or lower the limit`,
  ];
}

function examples(names: readonly string[]): string {
  const shown = names
    .slice(0, mostExamples)
    .map((each) => JSON.stringify(each.length > 40 ? `${each.slice(0, 40)}…` : each));
  return names.length > mostExamples ? `${shown.join(", ")} …` : shown.join(", ");
}
