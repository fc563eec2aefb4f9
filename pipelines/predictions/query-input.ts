import type { UsedView } from "../config/load-models.ts";
import type { QueryText, Window } from "../config/model-config.ts";
import { openDataFolders } from "../data/data-folders.ts";
import { composedSql, type Engine, type QueryJob, type QueryLimits } from "../data/engines/engine.ts";
import { quoteText, tableDialect } from "../data/engines/tables.ts";
import { checkViews, requireSoundViews } from "../data/features/check-views.ts";
import type { InputRows } from "./input-file.ts";

/** A query for rows to score, under the rules of a feature query. */
export interface RowQuery {
  engine: Engine;
  root: string;
  /** Folders of mergeml.yaml, and those of the operator. */
  data: readonly string[];
  extraData: readonly string[];
  query: QueryText;
  /** The feature views in the query, whose constraints must hold. */
  views?: readonly UsedView[];
  /** How the engine writes names. */
  quoteName?: (name: string) => string;
  window: Window | null;
  /** What to tell a query that uses $start or $end without a window. */
  noWindow?: QueryJob["noWindow"];
  /** What to tell a query that uses neither although there is one. */
  unusedWindow?: QueryJob["unusedWindow"];
  limits: QueryLimits;
  /** Where the rows are kept while they are scored. */
  staging: string;
}

/** Rows of a query, kept in a file of ours. */
export interface QueriedRows extends InputRows {
  file: string;
  /** Of `$start` and `$end`, those the query uses. */
  parameters: readonly string[];
}

/** Runs the query in the engine's sandbox. Throws UserError, located in the query, when it is wrong or not allowed. */
export async function queryRows({
  engine,
  root,
  data,
  extraData,
  query,
  views = [],
  quoteName = tableDialect.quoteName,
  window,
  noWindow,
  unusedWindow,
  limits,
  staging,
}: RowQuery): Promise<QueriedRows> {
  const folders = await openDataFolders(root, data, extraData);
  const sql = composedSql(query);
  requireSoundViews(await checkViews({ engine, quoteName, views, window, noWindow, folders, staging, limits }));
  const result = await engine.query({ sql, window, noWindow, unusedWindow, folders, staging, limits });
  try {
    const file = await result.save();
    const { columns, parameters } = result;
    return { from: `read_parquet(${quoteText(file)})`, columns, name: query.path, file, parameters };
  } finally {
    await result.close();
  }
}
