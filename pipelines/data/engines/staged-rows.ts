import type { Task } from "../../config/model-config.ts";
import { isNumeric, type RoleColumn } from "../columns.ts";
import type { Dialect } from "./dialect.ts";

/** A query for the rows that a program on a cluster trains on: features and target alone, as one here gets them. */
export function stagedRows(dialect: Dialect, columns: readonly RoleColumn[], task: Task, from: string): string {
  const given = columns.filter(({ role }) => role === "feature" || role === "target");
  return `SELECT ${given.map((column) => stagedColumn(dialect, column, task)).join(", ")} FROM ${from}`;
}

/**
 * SQL for a stored column as a program gets it: features as 32-bit numbers with null where one is missing, or texts that are
 * empty where one is; a target as a 64-bit number, or as the class's text.
 */
function stagedColumn(dialect: Dialect, { name, kind, role }: RoleColumn, task: Task): string {
  const column = dialect.quoteName(name);
  const isClass = role === "target" && task === "classification";
  if (isClass || !(isNumeric(kind) || kind === "boolean"))
    return `coalesce(${dialect.text(column, kind)}, '') AS ${column}`;
  const number = dialect.double(column, kind);
  const value = role === "target" ? number : dialect.float(number);
  return `CASE WHEN ${dialect.isNaN(number)} THEN NULL ELSE ${value} END AS ${column}`;
}
