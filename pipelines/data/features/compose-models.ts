import type { LoadedModel } from "../../config/load-models.ts";
import type { ComposedView, Composition, QueryText, Sources, ViewUse } from "../../config/model-config.ts";
import { sameColumn } from "../../config/rules/feature-rules.ts";
import type { KeyPath } from "../../config/yaml/finding.ts";
import { didYouMean, type Problem, UserError } from "../../errors/expected-error.ts";
import type { FeatureView, FeatureViews } from "./load-views.ts";
import { entitiesTable, type JoinDialect, type JoinedView, pointInTimeJoin } from "./point-in-time.ts";
import {
  composeOwn,
  composeQuery,
  type NamedQuery,
  unusableBody,
  type ViewMention,
  viewMentions,
  viewTable,
} from "./view-mentions.ts";

/** What an engine may read besides the views. */
type Reach = Pick<JoinDialect, "hasSchema">;

/** A query that reads views, composed; with the views, each after those that it reads. */
interface ComposedQuery {
  query: QueryText;
  views: readonly FeatureView[];
}

/** Longer texts are not handed from job to job. */
const mostText = 200_000;

/** The model with the views that it uses in its query. Throws UserError with all that is wrong with them. */
export function composeModel(model: LoadedModel, all: FeatureViews, dialect: JoinDialect): LoadedModel {
  const { features } = model.config;
  const own = model.query;
  const read = readBy(own, all, dialect);
  const uses = (features.views ?? []).map((use, at) => ({ use, at }));
  const locate = (path: KeyPath) => model.locate(["features", "views", ...path]);
  const missing = uses.flatMap(({ use, at }) =>
    all.sound.has(use.view) ? [] : unknownView(use.view, all, locate([at])),
  );
  if (missing.length > 0) throw new UserError(missing);
  const views = viewsInOrder([...read, ...uses.map(({ use }) => use.view)], all, dialect);
  if (views.length === 0) return model;
  const joined = uses.map(({ use, at }) => joinedView(use, all.sound.get(use.view)!, (path) => locate([at, ...path])));
  refuseRepeatedColumns(joined, locate);
  const query = features.views
    ? joinQuery(own, features.time!, joined, views, dialect)
    : composeQuery(own, named(views));
  if (query.text.length > mostText) throw tooLarge(own.path, query.text.length);
  const keys = joined.flatMap(({ key }) => key.map(({ entity }) => entity));
  const composition: Composition = { query: own.text, views: views.map(composedView), joined: unnamed(keys, model) };
  return { ...model, query, views, config: { ...model.config, features: { ...features, composition } } };
}

/** Whether a model has anything to do with views: most have not, and then the folder is not read. */
export function usesViews({ config, query }: LoadedModel): boolean {
  return config.features.views !== undefined || viewMentions(query.text).length > 0;
}

/** A query beside a model's, such as `drift.query`, with the views that it reads. */
export function composeFile(own: QueryText, all: () => FeatureViews, dialect: Reach): ComposedQuery {
  if (viewMentions(own.text).length === 0) return { query: own, views: [] };
  const found = all();
  const views = viewsInOrder(readBy(own, found, dialect), found, dialect);
  return { query: composeQuery(own, named(views)), views };
}

/** A query of a view's rows: of these columns, or of all. */
export function queryOfView(
  name: string,
  columns: readonly string[] | null,
  views: readonly { name: string; query: QueryText }[],
  quoteName: JoinDialect["quoteName"],
): QueryText {
  const at = views.findIndex((view) => view.name === name);
  const { query } = views[at]!;
  const sql = `SELECT ${columns ? columns.map(quoteName).join(", ") : "*"} FROM ${viewTable(name)}`;
  return composeOwn(query, sql, named(views.slice(0, at + 1)));
}

/** The views that these read, each after those that it reads itself. Throws UserError with a cycle, or with what is missing or broken. */
export function viewsInOrder(names: readonly string[], all: FeatureViews, dialect: Reach): FeatureView[] {
  const done = new Map<string, FeatureView>();
  const visit = (name: string, path: readonly string[]) => {
    if (done.has(name)) return;
    const view = all.sound.get(name);
    if (!view) throw new UserError(all.broken.get(name) ?? unknownView(name, all));
    if (path.includes(name)) throw cycle([...path.slice(path.indexOf(name)), name], all);
    for (const next of readBy(view.query, all, dialect)) visit(next, [...path, name]);
    done.set(name, view);
  };
  for (const name of names) visit(name, []);
  return [...done.values()];
}

/** Names of the views that a query reads. Throws UserError for each that is not there, unless the engine may have such a table. */
function readBy(query: QueryText, all: FeatureViews, { hasSchema }: Reach): string[] {
  const known = (view: string) => all.sound.has(view) || all.broken.has(view);
  const mentions = viewMentions(query.text).filter(({ view }) => !hasSchema || known(view));
  const missing = mentions.filter(({ view, use }) => use !== "column" && !all.sound.has(view));
  if (missing.length > 0)
    throw new UserError(missing.flatMap((each) => unknownView(each.view, all, place(query, each))));
  return [...new Set(mentions.map(({ view }) => view))];
}

function place({ path, text }: QueryText, { start, end }: Pick<ViewMention, "start" | "end">) {
  const before = text.slice(0, start).split("\n");
  const lineText = text.split("\n")[before.length - 1]!.replace(/\r$/, "");
  return { file: path, line: before.length, column: before.at(-1)!.length + 1, length: end - start, lineText };
}

function unknownView(name: string, all: FeatureViews, where?: Problem["where"]): Problem[] {
  const broken = all.broken.get(name);
  if (broken) return [...broken];
  const names = [...all.sound.keys()];
  const near = didYouMean(name, names);
  const list = names.length > 0 ? `views: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}` : "";
  const hint = [near && `did you mean features.${near}?`, list || "there is no features/*.sql with its .yaml"];
  const reserved =
    "features. names the views of this repository; a table of a source is written with the source's name first";
  const message = `there is no feature view ${name.slice(0, 100)} (features/${name.slice(0, 100)}.sql)`;
  return [
    { message, hint: [...hint, reserved].filter(Boolean).join("  "), ...(where && { where }), severity: "error" },
  ];
}

function cycle(path: readonly string[], all: FeatureViews): UserError {
  const [from, to] = path.slice(-2) as [string, string];
  const { query } = all.sound.get(from)!;
  const mention = viewMentions(query.text).find(({ view }) => view === to)!;
  return new UserError({
    message: `feature views read each other in a circle: ${path.map((name) => `features.${name}`).join(" → ")}`,
    hint: "put what both need into a view of its own",
    where: place(query, mention),
    severity: "error",
  });
}

function named(views: readonly { name: string; query: QueryText }[]): NamedQuery[] {
  return views.map(({ name, query }) => ({ name: viewTable(name), query }));
}

function joinQuery(
  own: QueryText,
  time: string,
  joined: readonly JoinedView[],
  views: readonly FeatureView[],
  dialect: JoinDialect,
): QueryText {
  const unusable = unusableBody(own.text);
  if (unusable) {
    const where = place(own, { start: unusable.at, end: unusable.at + 1 });
    throw new UserError({ message: `${own.path} is exactly one SELECT: ${unusable.reason}`, where, severity: "error" });
  }
  const { before, text } = pointInTimeJoin(time, joined, dialect);
  const found = before.map((each) => ({ name: each.name, query: { path: own.path, text: each.text } }));
  const composed = composeOwn(own, text, [...named(views), { name: entitiesTable, query: own }, ...found]);
  // What we wrote ourselves has no place in any file.
  const parts = composed.parts!.map((part) =>
    found.some(({ query }) => query.text === part.text) ? { ...part, text: own.text, index: 0, length: 0 } : part,
  );
  return { ...composed, parts };
}

function joinedView(
  use: ViewUse,
  { name, config }: FeatureView,
  locate: (path: KeyPath) => Problem["where"],
): JoinedView {
  const problem = (message: string, hint: string, path: KeyPath = []): UserError => {
    const where = locate(path);
    return new UserError({ message, hint, ...(where && { where }), key: "features.views", severity: "error" });
  };
  const stranger = Object.keys(use.on).find((column) => !config.key.includes(column));
  if (stranger !== undefined) {
    throw problem(`${stranger} is no key of features.${name}`, `its key: ${config.key.join(", ")}`, ["on", stranger]);
  }
  if (use.ttl !== null && config.time === null)
    throw problem(`features.${name} has no time, so that nothing tells how old a row is`, "remove the ttl", ["ttl"]);
  const known = Object.keys(config.columns);
  if (known.length === 0 && use.columns === null) {
    const hint = `add  columns: { age: Age in years, … }  to features/${name}.yaml, or write  { view: ${name}, columns: [age, …] }`;
    throw problem(`features/${name}.yaml does not say which columns are features`, hint);
  }
  const columns = use.columns ?? known;
  return {
    table: viewTable(name),
    key: config.key.map((column) => ({ view: column, entity: use.on[column] ?? column })),
    time: config.time,
    ttl: use.ttl ?? config.ttl,
    columns: columns.map((column) => ({ name: column, as: `${use.prefix}${column}` })),
  };
}

function refuseRepeatedColumns(joined: readonly JoinedView[], locate: (path: KeyPath) => Problem["where"]): void {
  const seen: { as: string; at: number }[] = [];
  for (const [at, { columns }] of joined.entries()) {
    for (const { as } of columns) {
      const first = seen.find((each) => sameColumn(each.as, as));
      if (first) {
        const message = `two views give a column ${as}: entries ${first.at + 1} and ${at + 1} of features.views`;
        const where = locate([at]);
        throw new UserError({
          message,
          hint: "give one of them a prefix: { view: …, prefix: buyer_ }",
          ...(where && { where }),
          key: "features.views",
          severity: "error",
        });
      }
      seen.push({ as, at });
    }
  }
}

/** Those columns that only join: no other key of model.yaml names them. */
function unnamed(keys: readonly string[], { config }: LoadedModel): string[] {
  const { features, thresholds, drift } = config;
  const { key, target, time, split } = features;
  const others = [...key, target, time, split.group, drift.group, ...thresholds.slices.map(({ by }) => by)];
  return [...new Set(keys)].filter((name) => !others.some((other) => other && sameColumn(other, name)));
}

function composedView({ name, config, query }: FeatureView): ComposedView {
  const { key, time, columns, constraints } = config;
  return { name, query: query.text, key, time, columns: Object.keys(columns), constraints };
}

function tooLarge(path: string, length: number): UserError {
  const message = `${path} and the views that it reads have ${length.toLocaleString("en-US")} characters; at most ${mostText.toLocaleString("en-US")} are allowed`;
  return new UserError({ message, where: { file: path, line: 1, column: 1 }, severity: "error" });
}

const quoted = (mark: string) => (name: string) => `${mark}${name.replaceAll(mark, mark + mark)}${mark}`;

/** How joins are written for an engine or a source's: DuckDB has ASOF JOIN; Spark quotes names with backticks. */
export function joinDialect(engine: string, sources: Sources): JoinDialect {
  const source = Object.hasOwn(sources, engine) ? sources[engine] : undefined;
  const type = source?.type ?? engine;
  const schemas = source && "schemas" in source ? source.schemas : undefined;
  const quoteName = quoted(/^(spark|databricks)$/.test(type) ? "`" : '"');
  return { quoteName, asof: type === "duckdb", hasSchema: schemas?.includes("features") ?? false };
}
