import { describe, expect, test } from "vitest";
import { loadModels } from "../../pipelines/config/load-models.ts";
import { composedSql, locateByte } from "../../pipelines/data/engines/engine.ts";
import { composeModel, joinDialect } from "../../pipelines/data/features/compose-models.ts";
import { loadViews } from "../../pipelines/data/features/load-views.ts";
import { composeQuery, viewMentions } from "../../pipelines/data/features/view-mentions.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";
import { modelsOf, modelYaml, repositoryWith, told, viewFiles } from "./repository.ts";

describe("where a view is read", () => {
  test.each<[string, string, string[]]>([
    ["a table", "SELECT * FROM features.customer", ["customer table"]],
    [
      "under another name",
      "SELECT c.a FROM features.customer AS c JOIN features.shop s ON true",
      ["customer aliased", "shop aliased"],
    ],
    ["in a list", "SELECT 1 FROM a, features.customer WHERE x", ["customer table"]],
    ["after ON", "FROM a JOIN b ON a.x = b.x, features.customer", ["customer table"]],
    ["before a join", "FROM features.customer ASOF LEFT JOIN features.shop ON true", ["customer table", "shop table"]],
    ["in parentheses", "SELECT 1 FROM (features.customer JOIN b USING (x))", ["customer table"]],
    ["in a subquery", "SELECT (SELECT max(a) FROM features.customer) FROM b", ["customer table"]],
    ["quoted and in capitals", 'select 1 from "features"."customer", Features.SHOP', ["customer table", "shop table"]],
    ["its columns", "SELECT features.customer.a FROM features.customer", ["customer column", "customer table"]],
    ["a column of a table called features", "SELECT features.customer FROM 'x.csv' AS features", []],
    ["a table of a source", "SELECT 1 FROM shop.features.customer", []],
    ["a table called features", "WITH features AS (SELECT 1 AS a) SELECT features.a FROM features", []],
    [
      "an argument",
      "SELECT extract(hour FROM features.at), a IS DISTINCT FROM features.a FROM 'x.csv' AS features",
      [],
    ],
    [
      "a text and comments",
      "SELECT 'FROM features.a' /* FROM features.b */ -- FROM features.c\n, $$ FROM features.d $$",
      [],
    ],
    ["a comma of a SELECT in a subquery", "SELECT 1 FROM (SELECT a, features.b FROM 'x.csv' AS features)", []],
  ])("%s", (_, text, mentions) => {
    expect(viewMentions(text).map(({ view, use }) => `${view} ${use}`)).toEqual(mentions);
  });
});

describe("a query with its views", () => {
  const view = { name: "features__a", query: { path: "features/a.sql", text: "SELECT 1 AS x -- one\n;\n" } };

  test.each([
    ["SELECT x FROM features.a", "WITH\nfeatures__a AS (\nSELECT 1 AS x -- one\n\n)\nSELECT x FROM features__a AS a"],
    [
      "-- why\nWITH b AS (FROM features.a f) FROM b;",
      "-- why\nWITH\nfeatures__a AS (\nSELECT 1 AS x -- one\n\n),\n b AS (FROM features__a f) FROM b;",
    ],
    [
      "WITH RECURSIVE b AS (FROM features.a) FROM b",
      "WITH RECURSIVE\nfeatures__a AS (\nSELECT 1 AS x -- one\n\n),\n b AS (FROM features__a AS a) FROM b",
    ],
  ])("%s", (text, composed) => {
    expect(composeQuery({ path: "q.sql", text }, [view]).text).toBe(composed);
  });

  test("places are those of the files", () => {
    const query = composeQuery({ path: "q.sql", text: "SELECT é,\n x FROM features.a" }, [view]);
    const sql = composedSql(query);
    const at = (word: string) => {
      const { file, line, column } = locateByte(sql, sql.bytes.indexOf(word));
      return `${file}:${line}:${column}`;
    };
    expect([at("1 AS x"), at("é"), at("x FROM"), at("features__a AS a"), at("features__a AS (")]).toEqual([
      "features/a.sql:1:8",
      "q.sql:1:8",
      "q.sql:2:2",
      "q.sql:2:9",
      "features/a.sql:1:1",
    ]);
  });
});

describe("views of a repository", () => {
  const yaml = "key: id\n";
  const model = (sql: string) => ({
    "models/m/model.yaml": modelYaml("m", "  target: y"),
    "models/m/features.sql": sql,
  });

  test.each<[string, Record<string, string>, string[]]>([
    [
      "an unknown view",
      { ...model("SELECT y\nFROM features.custmer"), ...viewFiles("customer", "SELECT 1 AS id", yaml) },
      ["models/m/features.sql:2:6 there is no feature view custmer (features/custmer.sql)"],
    ],
    [
      "a path instead of a name",
      model('SELECT y FROM features."../../etc/passwd"'),
      ["models/m/features.sql:1:15 there is no feature view ../../etc/passwd (features/../../etc/passwd.sql)"],
    ],
    [
      "no yaml",
      { ...model("FROM features.a"), "features/a.sql": "SELECT 1" },
      ["features/a.sql:1:1 features/a.yaml is not there: it says what identifies a row of features/a.sql"],
    ],
    [
      "no sql",
      { ...model("FROM features.a"), "features/a.yaml": yaml },
      ["features/a.yaml:1:1 features/a.sql is not there"],
    ],
    [
      "a circle",
      {
        ...model("FROM features.a"),
        ...viewFiles("a", "FROM features.b", yaml),
        ...viewFiles("b", "SELECT 1\nFROM features.a", yaml),
      },
      ["features/b.sql:2:6 feature views read each other in a circle: features.a → features.b → features.a"],
    ],
    [
      "itself",
      { ...model("FROM features.a"), ...viewFiles("a", "FROM features.a", yaml) },
      ["features/a.sql:1:6 feature views read each other in a circle: features.a → features.a"],
    ],
    [
      "a way out of its parentheses",
      { ...model("FROM features.a"), ...viewFiles("a", "SELECT 1) SELECT 2 --", yaml) },
      ["features/a.sql:1:9 a view is exactly one SELECT: a parenthesis is closed that none opened"],
    ],
    [
      "another statement",
      { ...model("FROM features.a"), ...viewFiles("a", "-- out\nCOPY (SELECT 1) TO 'x'", yaml) },
      ["features/a.sql:2:1 a view is exactly one SELECT: this is another statement"],
    ],
    [
      "two statements",
      { ...model("FROM features.a"), ...viewFiles("a", "SELECT 1; SELECT 2", yaml) },
      ["features/a.sql:1:9 a view is exactly one SELECT: there is more than one statement"],
    ],
    [
      "a view that is too large",
      { ...model("FROM features.a"), ...viewFiles("a", `SELECT 1 AS id -- ${"x".repeat(210_000)}`, yaml) },
      [
        "models/m/features.sql:1:1 models/m/features.sql and the views that it reads have 210,064 characters; at most 200,000 are allowed",
      ],
    ],
    [
      "a misspelt key of the yaml",
      { ...model("FROM features.a"), ...viewFiles("a", "SELECT 1 AS id", "key: id\ntimes: t\n") },
      ["features/a.yaml:2:1 times is not a known key"],
    ],
    [
      "a ttl without a time, and a check about nothing",
      {
        ...model("FROM features.a"),
        ...viewFiles("a", "SELECT 1 AS id", "key: id\nttl: 3d\nconstraints:\n  - { column: id }\n"),
      },
      [
        "features/a.yaml:2:6 ttl is there, but time is missing: nothing tells how old a row is",
        'features/a.yaml:4:5 constraints[0] has no rule about "id"',
      ],
    ],
  ])("%s", async (_, files, expected) => {
    const { models, problems } = await modelsOf(repositoryWith(files));
    expect(told(problems)).toEqual(expected);
    expect(models).toEqual([]);
  });

  test("a model without views reads no folder and keeps its hash", async () => {
    const root = repositoryWith({ ...model("SELECT y, x FROM 'a.csv'"), "features/Bad Name.sql": "x" });
    const { models, problems } = await modelsOf(root);
    expect(problems).toEqual([]);
    expect(models[0]!.query).toEqual({ path: "models/m/features.sql", text: "SELECT y, x FROM 'a.csv'" });
    expect(models[0]!.config.features).not.toHaveProperty("composition");
  });
});

test("an engine with a schema that is called features keeps the tables that are no views", async () => {
  const sources = {
    farm: { type: "spark", url: { env: "FARM" }, schemas: ["features"], staging: "s3://a/b/" },
  } as const;
  const sql = "SELECT y, x FROM features.trips JOIN features.a AS v USING (id)";
  const root = repositoryWith({
    "models/m/model.yaml": modelYaml("m", "  engine: farm\n  target: y"),
    "models/m/features.sql": sql,
    ...viewFiles("a", "SELECT id, x FROM features.more", "key: id\n"),
  });
  const { models } = await loadModels(root, { ...modelParts(sources), engines: ["farm"], defaults: {} });
  const dialect = joinDialect("farm", sources);
  expect(composeModel(models[0]!, loadViews(root), dialect).query.text).toBe(
    "WITH\nfeatures__a AS (\nSELECT id, x FROM features.more\n)\nSELECT y, x FROM features.trips JOIN features__a AS v USING (id)",
  );
  expect(dialect).toMatchObject({ asof: false, hasSchema: true });
  expect(dialect.quoteName("a`b")).toBe("`a``b`");
});

describe("a join", () => {
  const files = (views: string, yaml = "key: id\ntime: t\ncolumns: { a: '' }\n") => ({
    "models/m/model.yaml": modelYaml("m", `  entities: entities.sql\n  views:${views}\n  target: y\n  time: t`),
    "models/m/entities.sql": "SELECT 1 AS id, 2 AS y, DATE '2001-01-01' AS t",
    ...viewFiles("a", "SELECT 1 AS id, DATE '2001-01-01' AS t, 3 AS a", yaml),
  });

  test.each<[string, Record<string, string>, string[]]>([
    ["an unknown view", files(" [b]"), ["models/m/model.yaml:6:11 there is no feature view b (features/b.sql)"]],
    [
      "a ttl that is none",
      files(" [a@3y]"),
      [
        'models/m/model.yaml:6:11 features.views[0] must be the name of a feature view such as customer, customer@30d or { view: customer, ttl: 30d }, not "a@3y"',
      ],
    ],
    [
      "two columns of one name",
      files(" [a, a@3d]"),
      ["models/m/model.yaml:6:14 two views give a column a: entries 1 and 2 of features.views"],
    ],
    [
      "a key that is none",
      files(" [{ view: a, on: { ident: id } }]"),
      ["models/m/model.yaml:6:35 ident is no key of features.a"],
    ],
    [
      "no columns",
      files(" [a]", "key: id\ntime: t\n"),
      ["models/m/model.yaml:6:11 features/a.yaml does not say which columns are features"],
    ],
    [
      "a ttl without time",
      files(" [a@3d]", "key: id\ncolumns: { a: '' }\n"),
      ["models/m/model.yaml:6:11 features.a has no time, so that nothing tells how old a row is"],
    ],
  ])("%s", async (_, written, expected) => {
    const { problems } = await modelsOf(repositoryWith(written));
    expect(told(problems)).toEqual(expected);
  });

  test("views without entities, and entities with a query", async () => {
    const written = files(" [a]");
    const both = {
      ...written,
      "models/m/model.yaml": modelYaml("m", "  query: q.sql\n  entities: entities.sql\n  views: [a]\n  target: y"),
    };
    const { problems } = await modelsOf(repositoryWith(both));
    expect(told(problems)).toEqual([
      "models/m/model.yaml:5:10 features.query and features.entities are both there: the rows come from one of them",
      "models/m/model.yaml:6:3 features.entities is there, but features.time is missing: it says when each row happened",
    ]);
  });
});
