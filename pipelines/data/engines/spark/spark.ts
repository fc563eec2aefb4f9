import { variableOf } from "../../sources/missing-credential.ts";
import type { Engine, SourceEngine, SourceJob } from "../engine.ts";
import { sparkEngine } from "../spark-sql/run-queries.ts";
import { openStaging } from "../spark-sql/staging-area.ts";
import { openThriftSession, readEndpoint } from "./thrift-session.ts";

/** Settings under which the same query has the same meaning on any cluster, and reaches no more than tables. */
const settings = {
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.ansi.enabled": "true",
  "spark.sql.ansi.doubleQuotedIdentifiers": "false",
  "spark.sql.caseSensitive": "false",
  "spark.sql.variable.substitute": "false",
  "spark.sql.runSQLOnFiles": "false",
  "spark.sql.parser.escapedStringLiterals": "false",
  "spark.sql.timestampType": "TIMESTAMP_LTZ",
  "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
  "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
  "spark.sql.debug.maxToStringFields": "1000000",
  "spark.sql.maxPlanStringLength": "100000000",
  "spark.sql.maxMetadataStringLength": "100000",
};

/** Spark: runs feature queries in the cluster of a source, and takes from it the rows to train on, as Parquet, and aggregates. */
export const spark: SourceEngine<"spark"> = { start: openSpark };

/** Spark at a source, over its Thrift server. A session is opened for each query, and lives until its result is closed. */
function openSpark({ name, source, sources, env, files }: SourceJob<"spark">): Engine {
  return sparkEngine(
    () => {
      const endpoint = readEndpoint(variableOf(name, source.url, env), source.url.env);
      return {
        about: { source: name, host: endpoint.host, variable: source.url.env },
        rules: { schemas: source.schemas, catalog: null },
        names: true,
        open: () => openThriftSession(endpoint, settings),
        staging: () => openStaging(source.staging, { name, sources, env, files }),
      };
    },
    { name, schemas: source.schemas },
  );
}
