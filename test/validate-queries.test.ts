import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModels } from "../pipelines/config/load-models.ts";
import { loadRepositoryConfig } from "../pipelines/config/repository-config.ts";
import { openDuckdb } from "../pipelines/data/engines/duckdb/process/open-duckdb.ts";
import type { Problem } from "../pipelines/errors/expected-error.ts";
import { validateQueries } from "../pipelines/validate-queries.ts";
import { modelParts } from "../pipelines/workspace/workspace.ts";
import { type Project, scratchProject } from "./data/feature-project.ts";

const engine = openDuckdb();
let project: Project;

beforeAll(async () => {
  const rows = Array.from(
    { length: 30 },
    (_, i) => `${i},${i % 7},${i % 3 ? "a" : "b"},2001-01-${String(1 + i).padStart(2, "0")}`,
  );
  project = await scratchProject({ "data/rides.csv": `id,km,weather,day\n${rows.join("\n")}\n` });
});

afterAll(() => project[Symbol.asyncDispose]());

const all = "SELECT id, km, weather, day FROM 'data/rides.csv'";

interface Written {
  sql?: string;
  features?: string;
  group?: string;
  more?: string;
  live?: string;
}

async function writeModel(name: string, { sql = all, features = "", group, more = "", live }: Written): Promise<void> {
  const yaml = `name: ${name}
description: A ride
task: regression
type: linear
seed: 1
features:
  query: features.sql
  target: km
${features}  split: { by: key, test: 0.2${group === undefined ? "" : `, group: ${group}`} }
thresholds:
  primary: rmse
  first_deploy: { rmse: { max: 100 } }
${more}`;
  const folder = join(project.root, "models", name);
  for (const [file, text] of Object.entries({ "model.yaml": yaml, "features.sql": `${sql}\n`, "live.sql": live })) {
    if (text === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
}

async function validated(...names: string[]): Promise<{ problems: Problem[]; sound: string[] }> {
  const { config: repository } = await loadRepositoryConfig(project.root);
  const read = await loadModels(
    project.root,
    { ...modelParts(repository.sources), defaults: repository.defaults },
    names,
  );
  expect(read.problems).toEqual([]);
  const { problems, sound } = await validateQueries(
    { root: project.root, repository, extraData: [], engineOf: () => engine },
    read.models,
  );
  return { problems, sound: sound.map(({ config }) => config.name) };
}

function placed(problems: readonly Problem[]): string[] {
  return problems.map(
    ({ message, where }) => `${where?.file.split("/").slice(2).join("/")}:${where?.line}:${where?.column} ${message}`,
  );
}

describe("what a query and a config are told before any row is read", () => {
  test.each<[string, Written, string[]]>([
    [
      "a group that is no column",
      { group: "rider", sql: "SELECT id, km, weather FROM 'data/rides.csv'" },
      ["model.yaml:9:39 features.split.group names column rider, which the query does not return"],
    ],
    [
      "bad syntax",
      { sql: "SELECT id,\n km km km FROM 'rides.csv'" },
      ['features.sql:2:8 syntax error at or near "km"'],
    ],
    [
      "several unknown columns",
      { sql: `SELECT id, km,\n  wether, weather,\n  dya FROM 'rides.csv'\nWHERE speed > 3` },
      [
        'features.sql:2:3 no column "wether" in rides.csv',
        'features.sql:3:3 no column "dya" in rides.csv',
        'features.sql:4:7 no column "speed" in rides.csv',
      ],
    ],
    [
      "a file that is not there",
      { sql: "SELECT * FROM 'data/ride.csv'" },
      ["features.sql:1:15 no file data/ride.csv in the data folders"],
    ],
    [
      "functions that are refused",
      { sql: `SELECT id, km, now() AS n,\n random() AS r FROM 'rides.csv'` },
      [
        "features.sql:1:16 now() is not allowed: it gives another value on every run, and the same data must give the same dataset",
        "features.sql:2:2 random() is not allowed: it gives another value on every run, and the same data must give the same dataset",
      ],
    ],
    [
      "all that the config names in vain",
      {
        sql: "SELECT weather FROM 'rides.csv'",
        features:
          "  key: id\n  time: dy\n  checks:\n    - { column: kmm, not_null: true }\n    - { column: weather, min: { min: 1 } }\n",
        more: "  slices: [ { by: wether, metric: rmse, max_regression: 10%, min_rows: 5 } ]\ndrift: { group: dai }\nserving: { log: { redact: [weather, passenger] } }\n",
      },
      [
        "model.yaml:8:11 features.target names column km, which the query does not return",
        "model.yaml:9:8 features.key names column id, which the query does not return",
        "model.yaml:10:9 features.time names column dy, which the query does not return",
        "model.yaml:19:17 drift.group names column dai, which the query does not return",
        "model.yaml:20:37 serving.log.redact names column passenger, which the query does not return",
        "model.yaml:18:19 thresholds.slices.by names column wether, which the query does not return",
        "model.yaml:12:7 a check names column kmm, which the query does not return",
        "model.yaml:13:7 min needs a number, but weather is VARCHAR",
      ],
    ],
    [
      "a feature of no such type",
      { sql: all.replace("FROM", ", [id] AS l FROM") },
      [
        "features.sql:1:25 column day is DATE, which cannot be a feature",
        "features.sql:1:39 column l is BIGINT[], which cannot be a feature",
      ],
    ],
    [
      "a window that is not used",
      { sql: "SELECT id, km FROM 'rides.csv'", features: "  window: { start: 2001-01-01, end: 2001-02-01 }\n" },
      [
        "model.yaml:9:11 features.window is set, but models/window-unused/features.sql uses neither $start nor $end: it would train on everything",
      ],
    ],
    [
      "a parameter of no window",
      { sql: "SELECT id, km FROM 'rides.csv' WHERE day > $start" },
      ["features.sql:1:44 the query uses $start, but the model has no window"],
    ],
    [
      "a query of live rows with an unknown column",
      {
        sql: "SELECT id, km FROM 'rides.csv'",
        more: "drift: { query: live.sql }\n",
        live: "SELECT idd FROM 'rides.csv' WHERE day >= $start AND day < $end",
      },
      ['live.sql:1:8 no column "idd" in rides.csv'],
    ],
    [
      "a query of live rows that ignores the window",
      {
        sql: "SELECT id, km FROM 'rides.csv'",
        more: "drift: { query: live.sql }\n",
        live: "SELECT id FROM 'rides.csv' WHERE day >= $start",
      },
      ["model.yaml:13:17 models/live-window/live.sql does not use $end: every window would have the same rows"],
    ],
    [
      "a query of live rows without features",
      {
        sql: "SELECT id, km FROM 'rides.csv'",
        more: "drift: { query: live.sql }\n",
        live: "SELECT day FROM 'rides.csv' WHERE day >= $start AND day < $end",
      },
      ["model.yaml:13:17 models/live-features/live.sql returns none of the features of live-features: id"],
    ],
    [
      "nothing, when it is sound",
      { sql: "SELECT id, km, sum(CAST(km AS DOUBLE)) OVER () AS s FROM read_csv('data/rides.csv', header = true)" },
      [],
    ],
    ["nothing that only rows tell", { sql: "SELECT id, km, CAST(weather AS INTEGER) AS w FROM 'rides.csv'" }, []],
  ])("%s", async (_title, written, expected) => {
    const names: Record<string, string> = {
      "a window that is not used": "window-unused",
      "a query of live rows that ignores the window": "live-window",
      "a query of live rows without features": "live-features",
    };
    const name = names[_title] ?? _title.replace(/[^a-z]+/g, "-");
    await writeModel(name, written);
    const { problems, sound } = await validated(name);
    expect(placed(problems)).toEqual(expected);
    expect(sound).toEqual(expected.length === 0 ? [name] : []);
  });

  test("a suggestion", async () => {
    await writeModel("suggest", { sql: "SELECT id, km, wether FROM 'rides.csv'" });
    const { problems } = await validated("suggest");
    expect(problems[0]?.hint).toBe("did you mean weather?  it has: id, km, weather, day");
  });

  test("all models at once", async () => {
    await writeModel("one", { sql: "SELECT id, km, dya FROM 'rides.csv'" });
    await writeModel("two", {});
    await writeModel("three", { sql: "SELECT id, km FROM 'rides.csv'" });
    const { problems, sound } = await validated("one", "three", "two");
    expect(problems.map(({ where }) => where?.file)).toEqual(["models/one/features.sql", "models/two/features.sql"]);
    expect(sound).toEqual(["three"]);
  });

  test("one that would take for ever, and one that would fill the memory, are not run", async () => {
    await writeModel("slow", {
      sql: "SELECT id, km, (SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)) AS s FROM 'rides.csv'",
    });
    await writeModel("large", { sql: "SELECT id, km, len(repeat('x', id * 1000000000)) AS s FROM 'rides.csv'" });
    expect(await validated("large", "slow")).toEqual({ problems: [], sound: ["large", "slow"] });
  });
});
