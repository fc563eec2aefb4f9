import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModels } from "../../pipelines/config/load-models.ts";
import { openSession, quoteName, quoteText } from "../../pipelines/data/engines/tables.ts";
import { composeModel, joinDialect } from "../../pipelines/data/features/compose-models.ts";
import { loadViews } from "../../pipelines/data/features/load-views.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";
import { modelYaml, repositoryWith, viewFiles, writeFiles } from "./repository.ts";

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

function typed(name: string): string {
  const column = quoteName(name);
  if (name === "t" || name === "event_timestamp")
    return `CAST(CAST(${column} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP) AS ${column}`;
  return /^(id|x|z)$/.test(name) ? `CAST(${column} AS DOUBLE) AS ${column}` : column;
}

/** A query over the rows, which are in a file: they may be more than a query may be long. */
function frameSql(
  root: string,
  file: string,
  rows: readonly Readonly<Record<string, Cell>>[],
  names: readonly string[],
) {
  const lines = rows.map((row) => names.map((name) => row[name] ?? "NULL").join(","));
  writeFileSync(join(root, "data", file), [names.join(","), ...lines, ""].join("\n"));
  const path = quoteText(join(root, "data", file));
  return `SELECT ${names.map(typed).join(", ")} FROM read_csv(${path}, header = true, delim = ',', all_varchar = true, nullstr = 'NULL')`;
}

/** The query that mergeml writes for an engine, in a repository with the rows in `data/`. */
async function joinText(root: string, { keys, entities, views }: JoinCase, engine: string): Promise<string> {
  const names = views.map(({ name }) => name).join(", ");
  const lines = ["  entities: entities.sql", `  views: [${names}]`, "  target: y", "  time: event_timestamp"];
  writeFiles(root, {
    "models/m/model.yaml": modelYaml("m", lines.join("\n")),
    "models/m/entities.sql": frameSql(root, "entities.csv", entities, ["id", ...keys, "event_timestamp"]),
  });
  for (const { name, ttl, columns, rows } of views) {
    const sql = frameSql(root, `${name}.csv`, rows, [...keys, "t", ...columns]);
    const described = columns.map((each) => `  ${each}: ''\n`).join("");
    const yaml = `key: [${keys.join(", ")}]\ntime: t\n${ttl === null ? "" : `ttl: ${ttl}s\n`}columns:\n${described}`;
    writeFiles(root, viewFiles(name, sql, yaml));
  }
  const { models } = await loadModels(root, { ...modelParts(), defaults: {} });
  return composeModel(models[0]!, loadViews(root), joinDialect(engine, {})).query.text;
}

/** The rows of the join on DuckDB as written for `engine`, by id, without keys and times. */
export async function joinedRows(given: JoinCase, engine: string): Promise<Record<string, unknown>[]> {
  const root = repositoryWith({});
  const text = await joinText(root, given, engine);
  using session = await openSession({ readable: [join(root, "data")] });
  const names = ["id", ...given.views.flatMap(({ columns }) => columns)].map(quoteName).join(", ");
  return await session.rows(`SELECT ${names} FROM (${text}) AS j ORDER BY id`);
}
