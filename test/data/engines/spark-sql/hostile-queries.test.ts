import { expect, test } from "vitest";
import { sqlText } from "../../../../pipelines/data/engines/engine.ts";
import { judgeText } from "../../../../pipelines/data/engines/spark-sql/allow-query.ts";
import { judgePlan } from "../../../../pipelines/data/engines/spark-sql/judge-plan.ts";
import { UserError } from "../../../../pipelines/errors/expected-error.ts";

const window = { start: "2001-01-01T00:00:00Z", end: "2001-04-01T00:00:00Z" };
const limits = { memory_gb: 1, threads: 1, seconds: 20 };
const judge = (text: string) => judgeText({ sql: sqlText("features.sql", text), window, folders: [], limits });

test.each([
  "SELECT a, count(*) AS n FROM features.t WHERE at >= $start AND at < $end GROUP BY a;",
  "WITH c(a, b) AS (SELECT a, b FROM features.t) SELECT a, sum(CAST(b AS DECIMAL(38, 6))) AS s FROM c GROUP BY a",
  "SELECT a AS `odd ``name`, 'it''s' || 'it\\'s' AS s, transform(xs, x -> x + 1)[0] AS x FROM features.t -- a comment; DROP",
  "SELECT /* SET x */ rank() OVER (PARTITION BY a ORDER BY b) AS r, max(b) FILTER (WHERE b > 1) AS m FROM features.t",
  "SELECT json.name AS a, rlike(b, '^\\\\d+$') AS c FROM features.t AS json LATERAL VIEW explode(xs) e AS x",
  "SELECT sum(1) AS n, count_if(a) AS m, avg(CAST(b AS INT)) AS x, current_user_id FROM features.t",
])("may be sent: %s", (text) => {
  expect(judge(text).relation).toMatch(/^\(\n.*\n\)$/s);
});

test("the window's values take the places of their names, and no semicolon is sent", () => {
  const { relation, parameters } = judge("SELECT a FROM features.t WHERE at >= $start AND note <> '$end';");
  expect(relation).toBe(
    "(\nSELECT a FROM features.t WHERE at >= TIMESTAMP_NTZ'2001-01-01 00:00:00.000000' AND note <> '$end'\n)",
  );
  expect(parameters).toEqual(["start"]);
});

test("a table's name may begin with the source's, which the server does not know", () => {
  const text = "SELECT farm.features.x FROM farm.features.t AS farm JOIN farm.private.u ON true";
  const job = { sql: sqlText("features.sql", text), window: null, folders: [], limits };
  expect(judgeText(job, { name: "farm", schemas: ["features"] }).relation).toBe(
    "(\nSELECT farm.features.x FROM features.t AS farm JOIN farm.private.u ON true\n)",
  );
});

test.each([
  ["ADD JAR 'http://evil/x.jar'", "begins with ADD"],
  ["SET spark.sql.ansi.enabled = false", "begins with SET"],
  ["INSERT INTO features.t SELECT 1", "begins with INSERT"],
  ["CREATE TEMPORARY FUNCTION f AS 'x'", "begins with CREATE"],
  ["FROM features.t INSERT INTO features.u SELECT a", "begins with FROM"],
  ["SELECT 1 AS a; DROP TABLE features.t", "more than one statement"],
  ["SELECT 1 AS a) UNION ALL (SELECT 2 AS a", "closed that was not opened"],
  ["SELECT (1 AS a", "not closed"],
  ["SELECT reflect('java.lang.System', 'getenv') AS a", "reflect() is not taken"],
  ["SELECT java_method('java.lang.Runtime', 'x') AS a", "java_method() is not taken"],
  ["SELECT `java_method`('java.lang.Runtime', 'x') AS a", "java_method() is not taken"],
  ["SELECT try_reflect /* gap */ ('a', 'b') AS a", "try_reflect() is not taken"],
  ["SELECT system.builtin.reflect('a', 'b') AS a", "reflect() is not taken"],
  ["SELECT main.ml.exfiltrate(a) AS a FROM features.t", "exfiltrate() is not taken"],
  ["SELECT * FROM read_files('s3://other/x')", "read_files() is not taken"],
  ["SELECT * FROM parquet.`/etc/passwd`", "files by their path"],
  ["SELECT * FROM csv.`s3a://other/x`", "files by their path"],
  ["SELECT * FROM features.t, text.`secrets`", "files by their path"],
  ["SELECT * FROM IDENTIFIER('private.keys')", "identifier() is not taken"],
  ["SELECT * FROM range(10)", "range() is not taken"],
  ["SELECT TRANSFORM(a) USING 'cat /etc/passwd' AS b FROM features.t", "runs a program"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Spark replaces it.
  ["SELECT '${env:HOME}' AS a", "${"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Spark replaces it.
  ["SELECT 1 AS a -- ${spark.password}", "${"],
  ["SELECT secret('scope', 'key') AS a", "secret() is not taken"],
  ["SELECT http_request(conn => 'x') AS a", "http_request() is not taken"],
  ["SELECT ai_query('m', 'p') AS a", "ai_query() is not taken"],
  ["SELECT rand() AS a", "rand() is not taken"],
  ["SELECT current_timestamp AS a", "current_timestamp is not taken"],
  ["SELECT avg(x) AS a FROM features.t", "avg() of what is not an exact number"],
  ["SELECT sum(CAST(x AS DECIMAL(9, 2)) / y) AS a FROM features.t", "sum() of what is not an exact number"],
  ["SELECT sum(CAST(x AS DOUBLE)) AS a FROM features.t", "sum() of what is not an exact number"],
  ["SELECT first(x) AS a FROM features.t", "depends on the order of rows"],
  ["SELECT a FROM features.t LIMIT 5", "LIMIT is not taken"],
  ["SELECT a FROM features.t TABLESAMPLE (5 ROWS)", "TABLESAMPLE is not taken"],
  ["SELECT /*+ BROADCAST(t) */ a FROM features.t", "hint for the optimizer"],
  ["SELECT 'a\\n+- View (`spark_catalog`.`features`.`v`)' AS a", "line break or an escape"],
  ["SELECT 'a\nb' AS a", "line break or an escape"],
  ["SELECT r'\\' AS a, reflect('x') AS b, '' AS c", "not closed"],
  ["SELECT r'a' AS a", "raw texts"],
  ['SELECT "a\\" AS b, reflect("x") AS c, "" AS d', "escapes in double quotes"],
  ["SELECT 1 /* /* */ AS a */", "has another in it"],
  ["SELECT 1 -- \\\n AS a", "is not taken here"],
  ["FROM features.t |> SELECT a", "begins with FROM"],
  ["SELECT a FROM features.t |> SELECT a", "|> is not taken"],
  ["SELECT $secret AS a", "no parameter $secret"],
  ["SELECT a\u00a0FROM features.t", "is not taken here"],
])("is not sent: %s", (text, message) => {
  let error: unknown;
  try {
    judge(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).problems.map((each) => `${each.message} ${each.hint}`).join("\n")).toContain(message);
});

const rules = { schemas: ["features", "lake.raw"], catalog: "main" };

test.each([
  ["Project [a#1]\n+- SubqueryAlias main.features.t\n   +- Relation main.features.t[a#1] parquet", []],
  ["Relation main.FEATURES.t[a#1] parquet", []],
  ["HiveTableRelation [`main`.`features`.`t`, org.apache.Serde, Data Cols: [a#1]]", []],
  ["RelationV2[a#1] lake.raw.t lake.raw.t", []],
  ["View (`main`.`features`.`v`, [a#1])\n+- Relation main.private.keys[a#1] parquet", []],
  [
    "Join Inner\n:- View (`main`.`features`.`v`, [a#1])\n:  +- Relation x.y.z[a#1] parquet\n+- Relation main.private.keys[k#2] parquet",
    ["main.private.keys"],
  ],
  ["Relation other.features.t[a#1] parquet", ["other.features.t"]],
  ["Relation [value#1] text", ["files by their path"]],
  ["LogicalRDD [a#1], false", ["LogicalRDD"]],
  ["ScriptTransformation cat, [a#1], Schema", ["ScriptTransformation"]],
  ["InsertIntoHadoopFsRelationCommand file:/x", ["InsertIntoHadoopFsRelationCommand"]],
  ["Project [current_user() AS u#1]\n+- OneRowRelation", ["current_user"]],
])("a plan is judged by a list of what it may have: %s", (plan, expected) => {
  const found = judgePlan(plan, rules);
  expect(found).toHaveLength(expected.length);
  for (const [at, word] of expected.entries()) expect(found[at]!.message).toContain(word);
});
