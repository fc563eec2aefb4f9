import { type Json, sha256 } from "../../config/canonical-json.ts";
import type { RunRecord } from "../../run-log/run-record.ts";
import { formatCount } from "../../statistics/format-number.ts";
import type { DriftPoint } from "../../watch/drift/model-drift.ts";
import type { ModelState } from "../../watch/model-state.ts";
import { factTable, foreign, type Html, html } from "../page/html.ts";

/** A version in a few numbers. */
export interface ListedVersion {
  version: number;
  registered: string;
  by: string;
  pull_request: number | null;
  metric: string;
  value: number | null;
  metrics: Readonly<Record<string, number>>;
  type: string;
  seed: number;
  params: Readonly<Record<string, Json>>;
  candidate: string;
  commit: string | null;
  train: { fingerprint: string; rows: number };
  test: { fingerprint: string; rows: number };
  window: { start: string; end: string } | null;
  features: readonly string[];
  views: readonly string[];
  verdict: string;
  summary: string;
}

/** A registration, promotion or rollback, as its commit tells it. */
export interface ListedMove {
  time: string;
  by: string;
  what: string;
  commit: string;
}

/** A model, as a row of the first page. */
export interface DashboardModel {
  status: ModelState;
  owner: string | null;
  description: string;
  /** Oldest first. */
  versions: readonly ListedVersion[];
  /** Newest first. */
  moves: readonly ListedMove[];
  /** Newest first. */
  runs: readonly RunRecord[];
  /** Oldest first; empty where nobody checked. */
  windows: readonly DriftPoint[];
}

/** All that the dashboard tells. Plain JSON. */
export interface DashboardFacts {
  /** ISO time. */
  built: string;
  /** Commit of the registry branch; null without one. */
  tip: string | null;
  /** Web address of the repository, for links to pull requests and commits; null where it has none. */
  web: string | null;
  models: readonly DashboardModel[];
}

/** Pages of so many datasets are written, those in use by the newest versions first. */
const mostDatasets = 3_000;

/** So many rows stand in a table. */
const mostListed = 500;

/** Where a dataset has its page. */
export function datasetPath(fingerprint: string): string {
  return `data/${plainName(fingerprint)}.html`;
}

/** Where a feature view has its page. */
export function viewPath(view: string): string {
  return `views/${plainName(view)}.html`;
}

/** A name that is no plain one has its hash behind it: `a/b` and `a.b` are two pages, and `..` leads nowhere. */
function plainName(name: string): string {
  if (/^(fp:)?[A-Za-z0-9-]{1,80}$/.test(name)) return name.replace(":", "-");
  return `${name.replaceAll(/[^A-Za-z0-9-]/g, "-").slice(0, 60)}-${sha256(name).slice(7, 19)}`;
}

interface Use {
  model: string;
  version: number;
  role: string;
  isCurrent: boolean;
}

interface UsedData {
  name: string;
  rows: number | null;
  path: string;
  uses: Use[];
}

/** An index of datasets and views, and a page for each: which models use it, and in what. */
export function dataPages(facts: DashboardFacts): { path: string; title: string; body: Html }[] {
  const datasets = usedData(facts, "datasets");
  const views = usedData(facts, "views");
  return [
    { path: "data/index.html", title: "Datasets and feature views", body: dataIndex(datasets, views) },
    ...[...datasets, ...views].map((each) => ({ path: each.path, title: each.name, body: usedBody(each) })),
  ];
}

function usedData({ models }: DashboardFacts, kind: "datasets" | "views"): UsedData[] {
  const found = new Map<string, UsedData>();
  const add = (name: string, rows: number | null, path: string, use: Use) => {
    const known = found.get(name) ?? { name, rows, path, uses: [] };
    known.uses.push(use);
    found.set(name, known);
  };
  for (const { status, versions } of models) {
    for (const each of versions.toReversed()) {
      const use = { model: status.model, version: each.version, isCurrent: each.version === status.production };
      if (kind === "views") for (const view of each.views) add(view, null, viewPath(view), { ...use, role: "view" });
      else
        for (const role of ["train", "test"] as const)
          add(each[role].fingerprint, each[role].rows, datasetPath(each[role].fingerprint), { ...use, role });
    }
  }
  const current = ({ uses }: UsedData) => uses.filter(({ isCurrent }) => isCurrent).length;
  return [...found.values()].toSorted((a, b) => current(b) - current(a)).slice(0, mostDatasets);
}

function dataIndex(datasets: readonly UsedData[], views: readonly UsedData[]): Html {
  const table = (label: string, all: readonly UsedData[]) =>
    factTable<UsedData>(
      label,
      [
        {
          header: label.toLowerCase(),
          cell: ({ name, path }) => html`<a href="../${path}">${foreign(name, 80)}</a>`,
          isName: true,
        },
        ...(label === "View"
          ? []
          : [{ header: "rows", cell: ({ rows }: UsedData) => formatCount(rows ?? 0), isNumber: true }]),
        {
          header: "in production in",
          cell: ({ uses }) =>
            html`${[...new Set(uses.filter(({ isCurrent }) => isCurrent).map(({ model }) => model))].slice(0, 5).join(", ") || "–"}`,
        },
        { header: "versions", cell: ({ uses }) => formatCount(uses.length), isNumber: true },
      ],
      all.slice(0, mostListed),
    );
  return html`<main><nav aria-label="Site"><a href="../index.html">All models</a></nav><h1>Datasets and feature views</h1>
<h2>Feature views</h2>${views.length > 0 ? html`${table("View", views)}${restOf(views.length)}` : html`<p>No model uses one.</p>`}
<h2>Datasets</h2>${datasets.length > 0 ? html`${table("Dataset", datasets)}${restOf(datasets.length)}` : html`<p>None yet.</p>`}</main>`;
}

function usedBody({ name, rows, uses }: UsedData): Html {
  const table = factTable<Use>(
    "Used by",
    [
      { header: "model", cell: ({ model }) => html`<a href="../models/${model}.html">${model}</a>`, isName: true },
      { header: "version", cell: ({ version }) => `v${version}`, isNumber: true },
      { header: "as", cell: ({ role }) => role },
      { header: "", cell: ({ isCurrent }) => (isCurrent ? "● in production" : "") },
    ],
    uses.slice(0, mostListed),
  );
  return html`<main><nav aria-label="Site"><a href="../index.html">All models</a>, <a href="../data/index.html">datasets and feature views</a></nav>
<h1>${foreign(name, 120)}</h1>${rows !== null && html`<p class="line">${formatCount(rows)} rows</p>`}${table}${restOf(uses.length)}</main>`;
}

function restOf(all: number): Html {
  return html`${all > mostListed && html`<p class="note">The first ${formatCount(mostListed)} of ${formatCount(all)}.</p>`}`;
}
