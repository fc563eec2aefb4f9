import type { FeatureColumn, Table } from "../../data/table.ts";
import { formatCount } from "../../statistics/format-number.ts";

/** More classes than this, and fewer than two rows of each, are numbers taken for classes. */
const mostClasses = 50;

/** What is wrong with a train split before anything is trained: faults end the smoke test, notes are told beside its result. */
export function findFaults({ features, target, rows }: Table): { faults: string[]; notes: string[] } {
  const missing = features.filter(isMissing).map(({ name }) => name);
  const constant = features.filter((column) => !isMissing(column) && isConstant(column)).map(({ name }) => name);
  const faults = [
    ...(missing.length > 0 ? [`without a single value in the train split: ${listed(missing)}`] : []),
    ...(missing.length === 0 && constant.length === features.length
      ? ["every feature has the same value in all rows"]
      : []),
    ...targetFaults(target, rows),
  ];
  const notes = constant.map((name) => `${name} has the same value in all rows: it cannot help`);
  return { faults, notes: [...notes, ...targetNotes(target)] };
}

function targetFaults(target: Table["target"], rows: number): string[] {
  const distinct = new Set<number>(target.task === "regression" ? target.values : target.codes).size;
  if (distinct < 2) return ["the target is the same in all rows of the train split"];
  if (target.task === "regression" || distinct <= mostClasses || distinct <= rows / 2) return [];
  return [`the target has ${formatCount(distinct)} classes in ${formatCount(rows)} rows: is the task regression?`];
}

function targetNotes(target: Table["target"]): string[] {
  const two = target.task === "regression" && new Set(target.values).size === 2;
  return two ? ["the target has two values only: is the task classification?"] : [];
}

function isMissing(column: FeatureColumn): boolean {
  if (column.kind === "category") return column.levels.every((level) => level === "");
  return column.values.every(Number.isNaN);
}

function isConstant(column: FeatureColumn): boolean {
  const values = column.kind === "category" ? column.codes : column.values;
  return values.every((value) => Object.is(value, values[0]));
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
