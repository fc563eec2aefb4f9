import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DataCheck } from "../../../pipelines/config/model-config.ts";
import type { FeatureResult } from "../../../pipelines/data/dataset-store.ts";
import { openSparkSession } from "../../../pipelines/data/engines/spark-sql/spark-session.ts";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import type { ModelChoice } from "../../data/feature-project.ts";
import type { Farm } from "./farm.ts";
import { fingerprintsOf } from "./parity.ts";

const target = "CASE WHEN f > 1 OR f IS NULL THEN 'high' ELSE 'low' END AS y";
/** Of every kind; and some that cost Spark less, because numbers of many digits are most of the work. */
const [many, some] = [`f, g, i, j, b, s, m, ${target}`, `i, b, s, m, ${target}`];
const checks: readonly Partial<DataCheck>[] = [
  { column: "s", not_null: true, unique: true, matches: "[a-z~0-9]*", severity: "warn" },
  { column: "t", between: ["2001-01-01T03:00:00+01:00", null], severity: "warn" },
  { column: "b", in_set: [true], mean: { max: 1 }, severity: "warn" },
];
const ofNumbers: readonly Partial<DataCheck>[] = [
  { column: "f", between: [0, 1e15], min: { min: -1 }, quantile: { q: 0.5, min: 0 }, severity: "warn" },
  { column: "j", mean: { max: 9.5 }, distinct_count: { min: 20 }, compare: { column: "m", op: "<" }, severity: "warn" },
];

const model: ModelChoice = { key: ["id"], time: "t", task: "classification", target: "y" };
const choices: readonly { title: string; columns: string; choice: ModelChoice; max_rows?: number }[] = [
  {
    title: "by key",
    columns: many,
    choice: { ...model, checks: [...checks, ...ofNumbers], split: { by: "key", test: 0.3 } },
  },
  { title: "by time", columns: some, choice: { ...model, checks, split: { by: "time", test: 0.25 } } },
  {
    title: "by group, of a sample",
    columns: some,
    choice: { ...model, split: { by: "key", test: 0.3, group: "place" } },
    max_rows: 500,
  },
];

/** Equal rows give equal fingerprints, splits, checks and samples, wherever they are. */
export function datasetTests(farm: () => Farm): void {
  test("100 generated tables have the fingerprints that DuckDB gives them", async () => {
    using ours = await openSession({ readable: [join(farm().project.root, "data")] });
    const expected = await fingerprintsOf(
      ours,
      await ours.keep("generated", `FROM read_parquet(${quoteText(farm().generated)})`),
    );
    // As clusters run it: other tests have Spark interpret what it would compile.
    const { statements } = farm();
    for (const compiled of ["factoryMode=FALLBACK", "wholeStage=true"])
      await statements.rows(`SET spark.sql.codegen.${compiled}`);
    const staging = { url: String, prepare: async () => {}, collect: async () => {}, remove: async () => {} };
    const session = openSparkSession(statements, { staging, names: true });
    const found = await fingerprintsOf(session, `parquet.\`${farm().generated}\``);
    for (const name of ["factoryMode", "wholeStage"]) await statements.rows(`RESET spark.sql.codegen.${name}`);
    expect(found.schema).toEqual(expected.schema);
    expect(found.texts).toEqual(expected.texts);
    expect(found.fingerprints).toEqual(expected.fingerprints);
    expect(new Set(found.fingerprints).size).toBe(100);
  });

  describe.each(choices)("a training's datasets split $title", ({ title, columns, choice, max_rows }) => {
    const from = `SELECT id, place, t, ${columns} FROM features.generated WHERE t IS NOT NULL AND m IS NOT NULL`;
    const file = from.replace("features.generated", "(SELECT *, place * 1000 + k AS id FROM 'generated.parquet')");
    // All run the same SQL; Databricks without sessions is worth one case.
    const names = title === "by time" ? (["farm", "dwh"] as const) : (["farm"] as const);
    test(`are the same from ${names.join(" and ")} and from DuckDB`, async () => {
      const expected = await farm().build(null, file, choice, { max_rows });
      expect(expected.ok).toBe(true);
      const { checks: ours, ...rest } = expected;
      for (const name of names) {
        const {
          checks: theirs,
          sources,
          ...found
        } = await farm().build(farm().engineOf(name), from, choice, { max_rows });
        expect(found).toEqual(rest);
        expect(sources).toMatchObject([{ source: name, read: "database" }]);
        expect(withoutTypes(theirs)).toEqual(withoutTypes(ours));
      }
      expect(readdirSync(join(farm().server.folder, "staging"))).toEqual([]);
      if (names.length > 1) expect(readdirSync(join(farm().server.folder, "volumes/ml/staging"))).toEqual([]);
    });
  });

  test("the version of a Delta table that was read is told, and read again", async () => {
    const { statements, build, engineOf } = farm();
    const rows = (first: number, count: number) =>
      `SELECT id, id % 7 AS x, id % 97 AS y FROM range(${first}, ${first + count})`;
    await statements.rows(`CREATE TABLE features.trips_in_delta USING delta AS ${rows(0, 400)}`);
    const query = "SELECT id, x, y FROM features.trips_in_delta";
    const read = async (name: "farm" | "dwh", versions?: Readonly<Record<string, string>>) => {
      const pinned = versions && ([{ source: name, read: "database", tables: [], versions }] as const);
      const result = await build(engineOf(name), query, { key: ["id"] }, { pinned });
      if (!result.ok) throw new Error("a check failed");
      const [told] = result.sources ?? [];
      return {
        rows: result.train.rows + result.test.rows,
        fingerprint: result.train.fingerprint,
        versions: told?.read === "database" ? told.versions : undefined,
      };
    };
    const first = await read("farm");
    await statements.rows(`INSERT INTO features.trips_in_delta ${rows(400, 100)}`);
    const table = "spark_catalog.features.trips_in_delta";
    expect(first).toMatchObject({ rows: 400, versions: { [table]: "0" } });
    expect(await read("farm")).toMatchObject({ rows: 500, versions: { [table]: "1" } });
    for (const name of ["farm", "dwh"] as const) expect(await read(name, first.versions)).toEqual(first);
    await expect(read("farm", { [table]: "7" })).rejects.toThrow(/version/i);
  });
}

/** Means of floating point differ in their last digits. */
function withoutTypes(found: FeatureResult["checks"]) {
  return found.map(({ found: text, ...check }) => ({ ...check, found: text.replace(/(\d\.\d{9})\d+/g, "$1") }));
}
