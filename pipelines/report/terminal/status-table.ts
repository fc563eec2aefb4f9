import { matchNumbers } from "../../statistics/format-number.ts";
import { sparkBars } from "../../statistics/spark-bars.ts";
import { textTable } from "./text-table.ts";

/** What is in production for one model. `since` and `by` are ready to read; null is shown as a dash. */
export interface StatusRow {
  model: string;
  production: number | null;
  since: string | null;
  metric: string | null;
  value: number | null;
  /** The primary metric of the newest versions, oldest first; bars of two and more. */
  scores?: readonly number[];
  by: string | null;
  challenger: string | null;
  drift: string | null;
  next: string;
  /** Versions by environment before production. */
  environments?: Readonly<Record<string, number | null>>;
  /** Versions that readers refuse: they are marked. */
  untrusted?: readonly { version: number }[];
}

/** `mergeml status`: a plain table. The line of versions, drift and challengers are left out while no model has any, and the metric's name moves to the header when all share it. */
export function renderStatus(rows: readonly StatusRow[], width?: number): string {
  const metrics = new Set(rows.flatMap((row) => row.metric ?? []));
  const [only] = metrics.size === 1 ? metrics : [];
  const columns: readonly { header: string; cell: (row: StatusRow) => string | null }[] = [
    { header: "model", cell: (row) => row.model },
    ...Object.keys(rows[0]?.environments ?? {}).map((name) => ({
      header: name,
      cell: (row: StatusRow) => versionCell(row, row.environments?.[name] ?? null),
    })),
    { header: "production", cell: (row) => versionCell(row, row.production) },
    { header: "since", cell: (row) => row.since },
    { header: only ?? "primary", cell: (row) => score(row, only === undefined) },
    ...(rows.some(({ scores = [] }) => scores.length > 1)
      ? [{ header: "versions", cell: ({ scores = [] }: StatusRow) => (scores.length > 1 ? sparkBars(scores) : null) }]
      : []),
    { header: "by", cell: (row) => row.by },
    ...(rows.some((row) => row.challenger !== null)
      ? [{ header: "challenger", cell: (row: StatusRow) => row.challenger }]
      : []),
    ...(rows.some((row) => row.drift !== null) ? [{ header: "drift", cell: (row: StatusRow) => row.drift }] : []),
    { header: "next", cell: (row) => row.next },
  ];
  return textTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row) || "–")),
    { width },
  );
}

function versionCell({ untrusted = [] }: StatusRow, version: number | null): string | null {
  if (version === null) return null;
  return untrusted.some((each) => each.version === version) ? `v${version} !` : `v${version}`;
}

function score({ metric, value }: StatusRow, named: boolean): string {
  const text = matchNumbers([value]).value(value);
  return named && metric && text ? `${metric} ${text}` : text;
}
