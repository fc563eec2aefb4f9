import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultRepositoryConfig } from "../../pipelines/config/repository-config.ts";
import { openDatasetStore } from "../../pipelines/data/dataset-store.ts";
import { openDuckdb } from "../../pipelines/data/engines/duckdb/process/open-duckdb.ts";
import type { Problem } from "../../pipelines/errors/expected-error.ts";
import { validateQueries } from "../../pipelines/validate-queries.ts";
import { checkFeatureViews } from "../../pipelines/validate-views.ts";
import { modelsOf, modelYaml, repositoryWith, told, viewFiles } from "./repository.ts";

const engine = openDuckdb();
const rows = Array.from({ length: 30 }, (_, i) => `${i},${i % 7},2001-01-${String(1 + i).padStart(2, "0")}`);
const data = { "data/c.csv": `id,km,day\n${rows.join("\n")}\n` };
const query = "SELECT id, km, day FROM 'c.csv'\n";
const yaml = "key: id\ntime: day\ncolumns: { km: Far }\n";
const model = {
  "models/m/model.yaml": modelYaml("m", "  target: y"),
  "models/m/features.sql": "SELECT km AS y, id % 3 AS a\nFROM features.c\n",
};
const joining = {
  "models/m/model.yaml": modelYaml("m", "  entities: e.sql\n  views: [c]\n  target: y\n  time: t"),
  "models/m/e.sql": "SELECT i AS id, i % 5 AS y, i % 3 AS a, DATE '2001-01-20' AS t FROM range(30) r(i)\n",
};

async function problemsOf(files: Record<string, string>): Promise<Problem[]> {
  const root = repositoryWith({ ...data, ...files });
  try {
    const { models, problems } = await modelsOf(root);
    expect(problems).toEqual([]);
    const opened = { root, repository: defaultRepositoryConfig, extraData: [], engineOf: () => engine };
    return (await validateQueries(opened, models)).problems;
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("what is wrong is told in the file where it is", () => {
  test.each<[string, Record<string, string>, string[]]>([
    ["nothing", { ...model, ...viewFiles("c", query, yaml) }, []],
    ["nothing in a join", { ...joining, ...viewFiles("c", query, yaml) }, []],
    [
      "a column of the view's SQL",
      { ...model, ...viewFiles("c", "SELECT id,\n  kmm AS km, day FROM 'c.csv'", yaml) },
      ['features/c.sql:2:3 no column "kmm"'],
    ],
    [
      "a file of it",
      { ...model, ...viewFiles("c", "SELECT id, km, day\nFROM 'd.csv'", yaml) },
      ["features/c.sql:2:6 no file d.csv in the data folders"],
    ],
    [
      "a column of the model's SQL",
      {
        ...model,
        "models/m/features.sql": "SELECT km AS y,\n  idd AS a\nFROM features.c",
        ...viewFiles("c", query, yaml),
      },
      ['models/m/features.sql:2:3 no column "idd"'],
    ],
    [
      "the key",
      { ...model, ...viewFiles("c", query, "key: idd\ntime: day\n") },
      ["features/c.yaml:1:6 key names column idd, which features/c.sql does not return"],
    ],
    [
      "a part of a key, the time, a column, a constraint",
      { ...model, ...viewFiles("c", query, "key:\n  - id\n  - shop\ntime: date\ncolumns:\n  far: Far\n") },
      [
        "features/c.yaml:3:5 key names column shop, which features/c.sql does not return",
        "features/c.yaml:4:7 time names column date, which features/c.sql does not return",
        "features/c.yaml:6:8 columns names column far, which features/c.sql does not return",
      ],
    ],
    [
      "a constraint",
      { ...model, ...viewFiles("c", query, `${yaml}constraints:\n  - { column: kmh, min: { min: 0 } }\n`) },
      ["features/c.yaml:5:5 a check names column kmh, which the query does not return"],
    ],
    [
      "a time that is none",
      { ...model, ...viewFiles("c", query, "key: id\ntime: km\n") },
      ["features/c.yaml:2:7 time column km is BIGINT, not a date or a timestamp"],
    ],
    [
      "a key that entities lack",
      {
        ...joining,
        "models/m/e.sql": "SELECT 1 AS y, 2 AS a, 3 AS ident, DATE '2001-01-01' AS t",
        ...viewFiles("c", query, yaml),
      },
      ["models/m/model.yaml:6:11 features.c is joined by id, which features.entities does not return"],
    ],
    [
      "keys of unlike types",
      { ...joining, ...viewFiles("c", "SELECT 'x' || id AS id, km, day FROM 'c.csv'", yaml) },
      [
        "models/m/model.yaml:6:11 features.c is joined by id, which is BIGINT in features.entities and VARCHAR in the view",
      ],
    ],
    [
      "a column of both",
      {
        ...joining,
        "models/m/e.sql": "SELECT 1 AS id, 1 AS y, 2 AS km, DATE '2001-01-01' AS t",
        ...viewFiles("c", query, yaml),
      },
      ["models/m/model.yaml:6:11 features.entities and features.c both give a column km"],
    ],
    [
      "a column of the entities' SQL",
      {
        ...joining,
        "models/m/e.sql": "SELECT id, km AS y, id AS a,\n dy AS t FROM 'c.csv'",
        ...viewFiles("c", query, yaml),
      },
      ['models/m/e.sql:2:2 no column "dy"'],
    ],
  ])("%s", async (_, files, expected) => {
    expect(told(await problemsOf(files))).toEqual(expected);
  });

  test("with the nearest name", async () => {
    const [problem] = await problemsOf({ ...model, ...viewFiles("c", query, "key: idd\n") });
    expect(problem).toMatchObject({ key: "key", hint: "did you mean id?  it returns: id, km, day" });
  });
});

describe("a view is in the same sandbox as a query", () => {
  test.each<[string, string, string]>([
    [
      "a file of the machine",
      "SELECT 1 AS id,\n content AS km FROM read_text('/proc/self/environ')",
      "features/c.sql:2:21 read_text may not be used in a feature query",
    ],
    [
      "a path out of the data",
      "SELECT 1 AS id FROM '../secret.csv'",
      'features/c.sql:1:21 the file name "../secret.csv" leaves its folder with `..`',
    ],
    [
      "the environment",
      "SELECT 1 AS id, getenv('HOME') AS km",
      "features/c.sql:1:17 getenv() is not allowed: it reads the machine or the session, and the same data must give the same dataset everywhere",
    ],
    [
      "the clock",
      "SELECT 1 AS id, now() AS day",
      "features/c.sql:1:17 now() is not allowed: it gives another value on every run, and the same data must give the same dataset",
    ],
    [
      "the engine's catalogue under a view's name",
      "SELECT 1 AS id FROM duckdb_settings",
      "features/c.sql:1:21 there is no table duckdb_settings",
    ],
  ])("%s", async (_, sql, expected) => {
    expect(told(await problemsOf({ ...model, ...viewFiles("c", sql, "key: id\n") }))).toEqual([expected]);
  });
});

describe("constraints", () => {
  let root = "";
  beforeAll(() => {
    root = repositoryWith({
      ...data,
      ...viewFiles(
        "c",
        query,
        `${yaml}constraints:\n  - { column: km, between: [0, 5], severity: warn }\n  - rows: { min: 10 }\n`,
      ),
      ...viewFiles(
        "twice",
        "SELECT id, day FROM features.c UNION ALL FROM (SELECT id, day FROM features.c LIMIT 2)",
        "key: id\ntime: day\n",
      ),
      ...viewFiles("nulls", "SELECT CASE WHEN id > 3 THEN id END AS id FROM features.c", "key: id\n"),
    });
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test("are told with their line, and that a key identifies a row is checked unasked", async () => {
    const opened = {
      ...{ root, repository: defaultRepositoryConfig, extraData: [], engineOf: () => engine, threads: 1 },
      store: openDatasetStore(`${root}/.mergeml/store`),
    };
    const checked = await checkFeatureViews(opened, [], { engine: "duckdb", window: null });
    const failed = checked.flatMap(({ checks }) => checks.filter(({ passed }) => !passed));
    expect(failed.map(({ check, found, where, severity }) => `${severity} ${check}: ${found} (${where})`)).toEqual([
      "warn features.c: km between [0, 5]: 4 of 30 rows, e.g. 6 (features/c.yaml:5)",
      "block features.nulls: id not null: 4 of 30 rows (features/nulls.yaml:1)",
      "block features.nulls: id unique: 4 of 30 rows, e.g. null (features/nulls.yaml:1)",
      "block features.twice: id, day unique: 4 of 32 rows, e.g. 0, 2001-01-01 (features/twice.yaml:1)",
    ]);
    expect(checked.map(({ name, rows: count, checks }) => [name, count, checks.length])).toEqual([
      ["c", 30, 5],
      ["nulls", 30, 2],
      ["twice", 32, 3],
    ]);
  });
});
