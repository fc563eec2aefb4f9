import { UserError } from "../../../errors/user-error.ts";

/** A name as an SQL identifier; any text is a valid one that a statement can hold. */
export function quoteName(name: string): string {
  return `"${whole(name, "the name of a column").replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. DuckDB knows no escapes inside plain quotes but the doubled quote. */
export function quoteText(text: string): string {
  return `'${whole(text, "a text").replaceAll("'", "''")}'`;
}

/** DuckDB takes the first null character for the end of a statement. */
function whole(text: string, what: string): string {
  if (!text.includes("\0")) return text;
  throw new UserError({
    message: `${what} has a null character: ${JSON.stringify(text.slice(0, 100))}`,
    hint: "take it out of the data, or in the query: replace(…, chr(0), ''); a column needs another name: … AS name",
  });
}
