import type { CheckResult } from "../../data/dataset-store.ts";
import { countOf } from "../../statistics/format-number.ts";
import { textTable } from "./text-table.ts";

/** A feature view as `mergeml features` tells of it. */
export interface ViewRow {
  name: string;
  description: string;
  owner: string | null;
  key: readonly string[];
  time: string | null;
  ttl: string | null;
  /** What each feature is, by column. */
  columns: Readonly<Record<string, string>>;
  constraints: number;
  /** Views that it reads, and models that use it, also by way of another. */
  reads: readonly string[];
  models: readonly string[];
}

/** A line for each view. */
export function renderViewList(views: readonly ViewRow[], width?: number): string {
  if (views.length === 0) return "no feature views: features/<name>.sql and features/<name>.yaml make one";
  const columns = ["view", "key", "time", "ttl", "owner", "models", "description"].map((header) => ({ header }));
  const rows = views.map(({ name, key, time, ttl, owner, models, description }) => [
    ...[`features.${name}`, key.join(", "), time ?? "–", ttl ?? "–", owner ?? "–", models.join(", ") || "none"],
    description,
  ]);
  return textTable(columns, rows, { width });
}

/** All that is said of one view, and its SQL. */
export function renderViewDetails(view: ViewRow, sql: string, width?: number): string {
  const facts: [string, string][] = [
    ["description", view.description],
    ["owner", view.owner ?? ""],
    ["key", view.key.join(", ")],
    ["time", view.time ?? ""],
    ["ttl", view.ttl ?? ""],
    ["constraints", `${view.constraints}`],
    ["reads", view.reads.map((name) => `features.${name}`).join(", ")],
    ["models", view.models.join(", ") || "none"],
  ];
  const told = facts.filter(([, value]) => value !== "").map(([name, value]) => [name, value]);
  const columns = Object.entries(view.columns).map(([name, text]) => [name, text]);
  return [
    textTable([{ header: `features.${view.name}` }, { header: "" }], told, { longest: 1_000, width }),
    columns.length > 0 ? textTable([{ header: "column" }, { header: "is" }], columns, { longest: 1_000, width }) : "",
    sql.trimEnd(),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** What the constraints of a view found: all that failed, and a count. */
export function renderViewChecks(name: string, rows: number, checks: readonly CheckResult[]): string {
  const failed = checks.filter(({ passed }) => !passed);
  const passed = checks.length - failed.length;
  const head = `features.${name}: ${countOf(rows, "row")}, ${passed} of ${checks.length} constraints hold`;
  const lines = failed.map(({ check, found, severity, where }) => {
    return `  ${severity === "block" ? "blocks" : "warns"}: ${check.replace(`features.${name}: `, "")}: ${found}  (${where})`;
  });
  return [head, ...lines].join("\n");
}
