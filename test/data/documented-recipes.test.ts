import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadModule, parseSync } from "libpg-query";
import { expect, test } from "vitest";
import type { Sources } from "../../pipelines/config/model-config.ts";
import { parseModelConfig } from "../../pipelines/config/parse-model-config.ts";
import { parseRepositoryConfig } from "../../pipelines/config/parse-repository-config.ts";
import { openDuckdbSession } from "../../pipelines/data/engines/duckdb/duckdb-session.ts";
import { parseQuery } from "../../pipelines/data/engines/duckdb/parse-query.ts";
import { surveyQuery } from "../../pipelines/data/engines/duckdb/query-rules.ts";
import { functionRules } from "../../pipelines/data/engines/duckdb/refused-functions.ts";
import { type PrepareJob, sqlText } from "../../pipelines/data/engines/engine.ts";
import { judgeText } from "../../pipelines/data/engines/spark-sql/allow-query.ts";
import { parseView } from "../../pipelines/data/features/load-views.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/data.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text!);

/** Which file a block is, as its first line says; mergeml.yaml where it says nothing. */
const fileOf = (block: string) => /^# (\S+\.yaml)/.exec(block)?.[1] ?? "mergeml.yaml";
const yaml = blocks("yaml").map((text) => ({ file: fileOf(text), text }));
const sources: Sources = Object.assign(
  {},
  ...yaml
    .filter(({ file }) => file === "mergeml.yaml")
    .map(({ text }) => parseRepositoryConfig(text, "mergeml.yaml").config.sources),
);

/** What a block that shows a part of model.yaml leaves out. */
const aroundModel = (name: string) =>
  `name: ${name}\ntask: regression\ntype: linear\nseed: 1\nthresholds: { primary: rmse, first_deploy: { rmse: { max: 35 } } }\n`;

test("the page has recipes for every kind of file and source", () => {
  expect(new Set(yaml.map(({ file }) => file.split("/")[0]))).toEqual(new Set(["mergeml.yaml", "models", "features"]));
  expect([...new Set(Object.values(sources).map(({ type }) => type))].sort()).toEqual(
    ["databricks", "delta", "http", "iceberg", "mysql", "postgres", "s3", "spark"].sort(),
  );
});

test.each(yaml)("a block of $file is read without a problem: $text", ({ file, text }) => {
  const [folder = "", name = ""] = file.split("/");
  if (folder === "features") expect(parseView(text, file).problems).toEqual([]);
  else if (folder === "models")
    expect(parseModelConfig(aroundModel(name) + text, file, modelParts(sources)).problems).toEqual([]);
  else expect(parseRepositoryConfig(text, file).problems).toEqual([]);
});

function queryJob(text: string): PrepareJob {
  const limits = { memory_gb: 1, threads: 1, seconds: 60 };
  return { sql: sqlText("models/x/features.sql", text), window: null, folders: [], limits };
}

/** What of a query's text is read by a source of the page, and what is wrong with it. */
async function surveyed(text: string) {
  using session = await openDuckdbSession({ readable: [] });
  const { sql } = queryJob(text);
  const known = Object.entries(sources).map(([name, config]) => {
    return { name, config, access: { problem: { message: "nobody signs in" } } };
  });
  const { refused } = await functionRules(session);
  return surveyQuery(sql, await parseQuery(session, sql), refused, known, Object.keys(sources));
}

const shown = [...page.matchAll(/`(FROM [^`]+|read_csv\([^`]+\))`/g)].map(([, text]) => text!);
const queries = [
  ...blocks("sql").filter((text) => /^SELECT .*\$start/s.test(text)),
  ...shown.map((text) => `SELECT * ${text.startsWith("FROM ") ? text : `FROM ${text}`}`),
];

test("the page shows queries", () => {
  expect(queries.length).toBeGreaterThan(8);
});

/** The source of a cluster that reads it by an engine of its own, as `farm` in `FROM farm.features.trips`. */
function clusterOf(text: string): { name: string; schemas: readonly string[] } | null {
  const name = /FROM (\w+)\./.exec(text)?.[1] ?? "";
  const config = sources[name];
  return config?.type === "spark" || config?.type === "databricks" ? { name, schemas: config.schemas } : null;
}

// A view is put in its place before a query is judged, and a schema alone is that of an engine.
test.each(queries.filter((text) => !/FROM (features\.|a\.b)/.test(text)))(
  "a query reads a source: %s",
  async (text) => {
    const cluster = clusterOf(text);
    if (cluster) {
      const { relation } = judgeText(queryJob(text), cluster);
      expect(relation).toContain("FROM features.");
      return;
    }
    const { problems, sources: read } = await surveyed(text);
    expect(problems).toEqual([]);
    expect(read.length).toBeGreaterThan(0);
  },
);

test("the statements for an administrator are PostgreSQL's", async () => {
  await loadModule();
  const statements = blocks("sql").filter((text) => !text.includes("$start"));
  expect(statements).toHaveLength(2);
  for (const text of statements) expect(parseSync(text).stmts?.length).toBeGreaterThan(1);
});
