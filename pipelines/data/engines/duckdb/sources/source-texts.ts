import { type Problem, UserError } from "../../../../errors/user-error.ts";
import type { ReachableSource } from "../../../sources/reachable-source.ts";
import { folderOf } from "../../../sources/source-objects.ts";
import { locateWord, type SqlText } from "../../../sql-text.ts";
import { quoteName, quoteText } from "../dialect.ts";
import type { DuckdbSession } from "../duckdb-session.ts";
import type { ResolvedQuery } from "../file-names.ts";
import type { SourceMention } from "./used-sources.ts";

/** How DuckDB is asked for what a query names: by address for objects, by its name in the session for tables. */
export function sourceTexts(
  mentions: readonly SourceMention[],
  sources: readonly ReachableSource[],
): ResolvedQuery["sources"] {
  return mentions.map((mention) => {
    const { config } = sources.find(({ name }) => name === mention.source)!;
    if (config.type === "delta" || config.type === "iceberg") return { mention, from: quoteName(mention.source) };
    if ("url" in config && typeof config.url === "string")
      return { mention, from: quoteText(folderOf(config.url) + mention.path) };
    const [schema = "", ...table] = mention.path.split(".");
    return { mention, from: [mention.source, schema, table.join(".")].map(quoteName).join(".") };
  });
}

/**
 * Throws UserError for functions that extensions brought: they reach out (`postgres_query`, `write_blob`), and only our own
 * SQL calls them. Whatever a new version of one brings is refused by that too.
 */
export async function refuseForeignFunctions(
  session: DuckdbSession,
  sql: SqlText,
  called: ReadonlySet<string>,
  own: ReadonlySet<string>,
): Promise<void> {
  const rows = await session.rows("SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()");
  const foreign = rows.map(({ name }) => String(name)).filter((name) => called.has(name) && !own.has(name));
  if (foreign.length === 0) return;
  throw new UserError(
    foreign.map(
      (name): Problem => ({
        message: `${name}() is not allowed: it belongs to an extension that reaches sources, which a query only names`,
        hint: "write FROM and the source's name",
        where: locateWord(sql, name),
      }),
    ),
  );
}
