import { expect, test } from "vitest";
import { openDuckdbSession } from "../../../pipelines/data/engines/duckdb/duckdb-session.ts";
import { parseQuery } from "../../../pipelines/data/engines/duckdb/parse-query.ts";
import { surveyQuery } from "../../../pipelines/data/engines/duckdb/query-rules.ts";
import { sqlText } from "../../../pipelines/data/engines/engine.ts";

test.each<[string, string | RegExp]>([
  ['SELECT x FROM lakes."trips/2024-*.parquet"', "did you mean lake?  the sources of mergeml.yaml: lake, shop"],
  ["SELECT x FROM shp.features.orders", "did you mean shop?  the sources of mergeml.yaml: lake, shop"],
  ['SELECT x FROM nothing.like."it.csv"', /data folders|quotes/],
])("a name that is nearly a source's: %s", async (text, hint) => {
  using session = await openDuckdbSession({ readable: [] });
  const sql = sqlText("features.sql", text);
  const { problems } = surveyQuery(sql, await parseQuery(session, sql), new Map(), [], ["lake", "shop"]);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.hint).toMatch(hint);
});
