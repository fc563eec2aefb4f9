import { textTable } from "./text-table.ts";

/** Where a model stands between its config and the registry. */
export interface PlanRow {
  model: string;
  state: "new" | "changed" | "unchanged" | "held" | "registered" | "removed" | "invalid";
  detail: string;
  /** Feature views that changed. */
  views?: readonly string[];
  /** Why the version in production is refused. */
  untrusted?: string;
}

/** So many unchanged models are listed; more are only counted, because nobody reads a thousand lines for two changes. */
const LISTED_UNCHANGED = 20;

/** `mergeml plan`: a plain table of what a run would do, and a closing line that counts the states. */
export function renderPlan(rows: readonly PlanRow[], width?: number): string {
  if (rows.length === 0) return "no models";
  const counts = [...Map.groupBy(rows, (row) => row.state)].map(([state, those]) => ({ state, count: those.length }));
  const unchanged = counts.find(({ state }) => state === "unchanged")?.count ?? 0;
  const listed = unchanged > LISTED_UNCHANGED ? rows.filter((row) => row.state !== "unchanged") : rows;
  const table = textTable(
    [{ header: "model" }, { header: "state" }, { header: "detail" }],
    listed.map((row) => [row.model, row.state, row.detail]),
    { width },
  );
  const total = `${rows.length.toLocaleString("en-US")} model${rows.length === 1 ? "" : "s"}`;
  const tally = counts.map(({ state, count }) => `${count.toLocaleString("en-US")} ${state}`).join(", ");
  const refused = rows.flatMap(({ untrusted }) => (untrusted ? [`! ${untrusted}`] : [])).join("\n");
  return [listed.length > 0 ? table : "", refused, affected(rows), `${total}: ${tally}`].filter(Boolean).join("\n\n");
}

/** A line for each feature view that changed: a reviewer of one model's change sees whose it is too. */
function affected(rows: readonly PlanRow[]): string {
  const uses = rows.flatMap(({ model, views = [] }) => views.map((view) => ({ view, model })));
  const byView = [...Map.groupBy(uses, ({ view }) => view)].sort(([a], [b]) => (a < b ? -1 : 1));
  return byView
    .map(([view, those]) => `features.${view} changed: affects ${those.map(({ model }) => model).join(", ")}`)
    .join("\n");
}
