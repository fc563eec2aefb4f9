import { join } from "node:path";
import { machineError, openSession, quoteName, quoteText } from "../../engines/tables.ts";

/** A column of a stored table: `name` in the database, `type` in our files. */
export interface StoredColumn {
  name: string;
  type: string;
}

/** What null is in the files between; a text that reads so is in quotes. */
export const nullMark = "\\N";
const nullText = quoteText(nullMark);

/** Names that PostgreSQL has for itself, and those it would cut off. */
const systemNames = new Set(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "mergeml_row"]);

function nameInDatabase(name: string, at: number): string {
  const isFine = Buffer.byteLength(name) <= 63 && !systemNames.has(name) && name !== "" && !name.includes("\0");
  return isFine ? name : `mergeml_column_${at + 1}`;
}

/** Writes a dataset's rows as CSV, numbered in their order, and gives their columns. */
export async function csvOfFile(parquet: string, csv: string): Promise<StoredColumn[]> {
  using session = await openSession({ readable: [], writable: [parquet, csv] });
  try {
    const from = `read_parquet(${quoteText(parquet)}, file_row_number = true)`;
    const columns = await session.columns(`SELECT * FROM read_parquet(${quoteText(parquet)})`);
    const texts = columns.filter(({ type }) => postgresType(type) === "text").map(({ name }) => quoteName(name));
    const quoted = texts.length > 0 ? `, FORCE_QUOTE (${texts.join(", ")})` : "";
    const listed = columns.map(({ name }) => quoteName(name)).join(", ");
    await session.run(
      `COPY (SELECT file_row_number, ${listed} FROM ${from} ORDER BY file_row_number) TO ${quoteText(csv)}
       (FORMAT csv, HEADER false, NULLSTR ${nullText}${quoted})`,
    );
    return columns.map(({ name, type }, at) => ({ name: nameInDatabase(name, at), type }));
  } catch (error) {
    throw machineError(error, `to write ${csv}`) ?? error;
  }
}

/** Makes a dataset's file again from the CSV that the database gave. `names` are those of its columns. */
export async function fileOfCsv(
  { csv, folder }: { csv: string; folder: string },
  columns: readonly (StoredColumn & { original: string })[],
  parquet: string,
): Promise<void> {
  using session = await openSession({ readable: [], writable: [csv, parquet], spill: join(folder, "spill") });
  try {
    const raw = columns.map((_, at) => `c${at}: 'VARCHAR'`).join(", ");
    const cast = columns.map(({ original, type }, at) => `CAST(c${at} AS ${type}) AS ${quoteName(original)}`);
    const from = `read_csv(${quoteText(csv)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
      nullstr = ${nullText}, allow_quoted_nulls = false, parallel = false, max_line_size = 100000000, columns = {${raw}})`;
    await session.save(`SELECT ${cast.join(", ")} FROM ${from}`, parquet, "zstd");
  } catch (error) {
    throw machineError(error, `to write ${parquet}`) ?? error;
  }
}

const types: Readonly<Record<string, string>> = {
  BOOLEAN: "boolean",
  TINYINT: "smallint",
  SMALLINT: "smallint",
  UTINYINT: "smallint",
  INTEGER: "integer",
  USMALLINT: "integer",
  BIGINT: "bigint",
  UINTEGER: "bigint",
  UBIGINT: "numeric",
  FLOAT: "real",
  DOUBLE: "double precision",
  DATE: "date",
  TIME: "time",
  TIMESTAMP: "timestamp",
};

/** The type that holds every value of one of ours; text for those that PostgreSQL lacks. */
export function postgresType(type: string): string {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  return decimal ? `numeric(${decimal[1]},${decimal[2]})` : (types[type] ?? "text");
}
