import type { Sources } from "../config/model-config.ts";
import type { JoinDialect } from "./point-in-time.ts";

const quoted = (mark: string) => (name: string) => `${mark}${name.replaceAll(mark, mark + mark)}${mark}`;

/** How joins are written for an engine or a source's: DuckDB has ASOF JOIN; Spark quotes names with backticks. */
export function joinDialect(engine: string, sources: Sources): JoinDialect {
  const source = Object.hasOwn(sources, engine) ? sources[engine] : undefined;
  const type = source?.type ?? engine;
  const schemas = source && "schemas" in source ? source.schemas : undefined;
  const quoteName = quoted(/^(spark|databricks)$/.test(type) ? "`" : '"');
  return { quoteName, asof: type === "duckdb", hasSchema: schemas?.includes("features") ?? false };
}
