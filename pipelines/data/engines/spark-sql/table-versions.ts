import { sparkName } from "./dialect.ts";
import { StatementError } from "./statement-error.ts";
import type { SparkStatements } from "./statements.ts";

/** Versions by the name of the table, as the query's plan has it. */
export type TableVersions = Readonly<Record<string, string>>;

/** Tables whose versions are asked for at most. */
const mostTables = 50;

/** How to ask for the version of a table that keeps its past, by the format that Spark calls its provider. */
const versionOf: Readonly<Record<string, (table: string) => string>> = {
  // https://docs.delta.io/latest/delta-utility.html#retrieve-delta-table-history
  delta: (table) => `DESCRIBE HISTORY ${table} LIMIT 1`,
  // https://iceberg.apache.org/docs/latest/spark-queries/#references
  iceberg: (table) => `SELECT snapshot_id AS version FROM ${table}.refs WHERE name = 'main'`,
};

/** The versions that tables have now: Delta's number, Iceberg's snapshot. Tables of other formats, and those it may not ask about, have none. */
export async function tableVersions(
  statements: SparkStatements,
  tables: readonly (readonly string[])[],
): Promise<TableVersions> {
  const versions: Record<string, string> = {};
  for (const parts of tables.slice(0, mostTables)) {
    const table = parts.map(sparkName).join(".");
    const described = await unlessRefused(() => statements.rows(`DESCRIBE TABLE EXTENDED ${table}`));
    const provider = described.find((row) => row.col_name === "Provider")?.data_type;
    const ask = versionOf[String(provider).toLowerCase()];
    const [row] = ask ? await unlessRefused(() => statements.rows(ask(table))) : [];
    if (row?.version != null) versions[parts.join(".")] = String(row.version);
  }
  return versions;
}

async function unlessRefused(ask: () => ReturnType<SparkStatements["rows"]>): ReturnType<SparkStatements["rows"]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StatementError) return [];
    throw error;
  }
}
