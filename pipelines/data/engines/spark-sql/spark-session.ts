import { randomUUID } from "node:crypto";
import type { SourceColumn } from "../../columns.ts";
import type { QuerySession } from "../session.ts";
import { onlyRow } from "../temporary-tables.ts";
import { sparkDialect, sparkName, sparkText } from "./dialect.ts";
import { sparkColumn } from "./spark-columns.ts";
import type { StagingArea } from "./staging-area.ts";
import type { SparkStatements } from "./statements.ts";

/** Where a session keeps rows, and how it reads them again. */
interface Keeping {
  staging: StagingArea;
  /** Whether a name that is given to a query lasts until the session ends; otherwise the query itself stands for it. */
  names: boolean;
}

/** A session in which rows are kept as Parquet files in the staging area, and come back by way of it. */
export interface SparkSession extends QuerySession {
  /** Keeps the rows of a query whose columns are known, also of types that files do not have. */
  keepColumns(columns: readonly SourceColumn[], relation: string): Promise<string>;
  interrupt(): void;
}

/** The work on a query's rows over statements of Spark SQL. Closing it removes what it kept, and ends the statements' session. */
export function openSparkSession(statements: SparkStatements, { staging, names }: Keeping): SparkSession {
  const rows = (sql: string) => statements.rows(sql);
  const folders = new Map<string, string>();
  const write = async (query: string) => {
    const folder = `mergeml-${randomUUID()}`;
    await staging.prepare(folder);
    folders.set(folder, folder);
    await rows(
      `INSERT OVERWRITE DIRECTORY ${sparkText(staging.url(folder))} USING parquet OPTIONS ('compression' 'zstd') ${query}`,
    );
    return folder;
  };
  const remove = async (relation: string) => {
    const folder = folders.get(relation);
    folders.delete(relation);
    if (folder !== undefined) await staging.remove(folder);
  };
  const keep = async (name: string, query: string) => {
    const folder = await write(query);
    const relation = names ? unique(name) : `parquet.${sparkName(staging.url(folder))}`;
    folders.delete(folder);
    folders.set(relation, folder);
    if (names) await rows(nameOfFiles(relation, staging.url(folder)));
    return relation;
  };
  return {
    dialect: sparkDialect,
    rows,
    row: onlyRow(rows),
    async columns(relation) {
      const described = await rows(`DESCRIBE QUERY SELECT * FROM ${relation}`);
      return described.map((row) => sparkColumn(String(row.col_name), String(row.data_type)));
    },
    keep,
    keepColumns: (columns, relation) =>
      keep("mergeml_result", `SELECT ${columns.map(keptColumn).join(", ")} FROM ${relation}`),
    async view(name, query) {
      if (!names) return `(${query})`;
      const view = unique(name);
      await rows(`CREATE TEMPORARY VIEW ${view} AS ${query}`);
      return view;
    },
    release: remove,
    async save(query, file) {
      const folder = await write(query);
      await staging.collect(folder, file);
      await remove(folder);
    },
    async stage(query) {
      const folder = await write(query);
      folders.delete(folder);
      return staging.url(folder);
    },
    interrupt: () => statements.interrupt(),
    async close() {
      for (const relation of [...folders.keys()]) await remove(relation);
      await statements.close();
    },
  };
}

/** Sessions of some servers share their names. */
function unique(name: string): string {
  return `${name}_${randomUUID().slice(0, 8)}`;
}

function nameOfFiles(name: string, url: string): string {
  return `CREATE TEMPORARY VIEW ${name} USING parquet OPTIONS (path ${sparkText(url)})`;
}

/** A column of nothing but nulls has no type, and intervals none that others read. */
function keptColumn({ name, type }: SourceColumn): string {
  const column = sparkName(name);
  if (type === "void") return `CAST(${column} AS INT) AS ${column}`;
  return type.startsWith("interval") ? `CAST(${column} AS STRING) AS ${column}` : column;
}
