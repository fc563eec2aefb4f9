import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalRow, digestAggregates, digestOf } from "../../../pipelines/data/engines/canonical-row.ts";
import type { QuerySession } from "../../../pipelines/data/engines/session.ts";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import { fingerprint, schemaType } from "../../../pipelines/data/fingerprint.ts";
import { generatedColumns, generatedRows } from "../generated-tables.ts";

/** Writes generated tables to one Parquet file, which both engines read. */
export async function writeGeneratedTables(
  folder: string,
  tables: number,
  rows: number,
  seed: number,
): Promise<string> {
  const [json, file] = [join(folder, "generated.json"), join(folder, "generated.parquet")];
  writeFileSync(
    json,
    generatedRows(tables, rows, seed)
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
  using session = await openSession({ readable: [folder], writable: [file] });
  const texts = Object.keys(generatedColumns).map((name) => `${name}: 'VARCHAR'`);
  const values = Object.entries(generatedColumns).map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`);
  const from = `read_json(${quoteText(json)}, format = 'newline_delimited', columns = {${texts.join(", ")}})`;
  await session.save(`SELECT ${values.join(", ")} FROM ${from}`, file);
  return file;
}

/** The fingerprint of each generated table, by its place, and the canonical text of each row to see where two differ. */
export async function fingerprintsOf(session: QuerySession, relation: string) {
  const { dialect } = session;
  const columns = await session.columns(relation);
  const plain = await session.view(
    "generated_rows",
    `SELECT ${columns.map((column) => `${dialect.plainValue(column)} AS ${dialect.quoteName(column.name)}`).join(", ")} FROM ${relation}`,
  );
  const hashed = columns.filter(({ name }) => name !== "place");
  const texts = await session.rows(
    `SELECT place, k, ${canonicalRow(dialect, hashed)} AS row_text FROM ${plain} ORDER BY place, k`,
  );
  const hash = dialect.hash(canonicalRow(dialect, hashed));
  const digests = await session.rows(
    `SELECT place, ${digestAggregates(dialect, "hash")} FROM (SELECT place, ${hash} AS hash FROM ${plain}) AS hashes GROUP BY place ORDER BY place`,
  );
  const schema = hashed.map(({ name, kind, scale }) => ({ name, type: schemaType(kind, scale) }));
  return {
    schema,
    texts: texts.map(({ row_text }) => String(row_text)),
    fingerprints: digests.map((row) => fingerprint(schema, digestOf(row))),
  };
}
