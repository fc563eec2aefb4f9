import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import { loadModels } from "../../pipelines/config/load-models.ts";
import { openSession, quoteName, quoteText } from "../../pipelines/data/engines/tables.ts";
import { composeModel } from "../../pipelines/features/compose-models.ts";
import { joinDialect } from "../../pipelines/features/join-dialect.ts";
import { loadViews } from "../../pipelines/features/load-views.ts";
import { modelParts } from "../../pipelines/workspace/read-models.ts";
import { modelYaml, repositoryWith, viewFiles } from "./repository.ts";

/** A value of a frame; times are ISO texts. */
export type Cell = string | number | null;

/** Rows of a view, with `t`. */
interface Frame {
  name: string;
  /** Seconds. */
  ttl: number | null;
  columns: readonly string[];
  rows: readonly Readonly<Record<string, Cell>>[];
}

/** Entities with `id` and `event_timestamp`, and the views that they are joined to by all of `keys`. */
export interface JoinCase {
  keys: readonly string[];
  entities: readonly Readonly<Record<string, Cell>>[];
  views: readonly Frame[];
}

function literal(name: string, value: Cell): string {
  const text = value === null ? "NULL" : typeof value === "number" ? String(value) : quoteText(value);
  if (name === "t" || name === "event_timestamp")
    return `CAST(CAST(${text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)`;
  const type = /^(id|x)/.test(name) ? "DOUBLE" : "VARCHAR";
  return `CAST(${text} AS ${type})`;
}

function framesSql(rows: readonly Readonly<Record<string, Cell>>[], names: readonly string[]): string {
  const columns = names.map(quoteName).join(", ");
  const empty = `SELECT ${names.map((name) => `${literal(name, null)} AS ${quoteName(name)}`).join(", ")} WHERE false`;
  if (rows.length === 0) return empty;
  const values = rows.map((row) => `(${names.map((name) => literal(name, row[name] ?? null)).join(", ")})`);
  return `SELECT * FROM (VALUES ${values.join(",\n")}) AS f(${columns})`;
}

/** The query that mergeml writes for an engine. */
async function joinText({ keys, entities, views }: JoinCase, engine: string): Promise<string> {
  const key = `[${keys.join(", ")}]`;
  const root = repositoryWith({
    "models/m/model.yaml": modelYaml(
      "m",
      `  entities: entities.sql\n  views: [${views.map(({ name }) => name).join(", ")}]\n  target: y\n  time: event_timestamp`,
    ),
    "models/m/entities.sql": framesSql(entities, ["id", ...keys, "event_timestamp"]),
    ...Object.assign(
      {},
      ...views.map(({ name, ttl, columns, rows }) =>
        viewFiles(
          name,
          framesSql(rows, [...keys, "t", ...columns]),
          `key: ${key}\ntime: t\n${ttl === null ? "" : `ttl: ${ttl}s\n`}columns:\n${columns.map((each) => `  ${each}: ''\n`).join("")}`,
        ),
      ),
    ),
  });
  const { models } = await loadModels(root, { ...modelParts(), defaults: {} });
  return composeModel(models[0] as LoadedModel, loadViews(root), joinDialect(engine, {})).query.text;
}

/** The rows of the join on DuckDB as written for `engine`, by id, without keys and times. */
export async function joinedRows(given: JoinCase, engine: string): Promise<Record<string, unknown>[]> {
  using session = await openSession({ readable: [] });
  const names = ["id", ...given.views.flatMap(({ columns }) => columns)].map(quoteName).join(", ");
  return await session.rows(`SELECT ${names} FROM (${await joinText(given, engine)}) AS j ORDER BY id`);
}
