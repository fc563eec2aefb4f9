import { expect, test } from "vitest";
import { pinTables, versionsThen } from "../../../../pipelines/data/engines/spark-sql/spark-session.ts";

const versions = { "main.features.rides": "3", "main.features.stops": "8112345678901234567" };

test.each([
  ["a table", "SELECT id FROM features.rides", "SELECT id FROM features.rides VERSION AS OF 3"],
  [
    "with another name",
    "SELECT r.id FROM main.features.rides AS r",
    "SELECT r.id FROM main.features.rides VERSION AS OF 3 AS r",
  ],
  [
    "in quotes, and a join",
    "SELECT 1 FROM `features`.`rides` r JOIN Features.Stops USING (id)",
    "SELECT 1 FROM `features`.`rides` VERSION AS OF 3 r JOIN Features.Stops VERSION AS OF 8112345678901234567 USING (id)",
  ],
  [
    "behind a comma of FROM",
    "SELECT features.rides, features.stops FROM features.rides, features.stops WHERE x IN (1, 2)",
    "SELECT features.rides, features.stops FROM features.rides VERSION AS OF 3, features.stops VERSION AS OF 8112345678901234567 WHERE x IN (1, 2)",
  ],
  [
    "in a subquery",
    "WITH c AS (SELECT * FROM features.rides) SELECT * FROM c, (SELECT 1 FROM features.rides)",
    "WITH c AS (SELECT * FROM features.rides VERSION AS OF 3) SELECT * FROM c, (SELECT 1 FROM features.rides VERSION AS OF 3)",
  ],
])("is read at its version: %s", (_, query, expected) => {
  const { relation } = pinTables(`(\n${query}\n)`, versions);
  expect(relation).toBe(`(\n${expected}\n)`);
});

test.each([
  ["a table of which no version is known", "SELECT id FROM features.drivers"],
  ["a column of that name", "SELECT features.rides FROM t AS features"],
  ["a name in a text or a comment", "SELECT 'FROM features.rides' AS x -- FROM features.rides\nFROM t"],
  ["the parts of a time", "SELECT extract(DAY FROM rides.day) FROM t AS rides"],
  ["a version of the query's own", "SELECT id FROM features.rides VERSION AS OF 1"],
  ["a name without a schema", "WITH rides AS (SELECT 1) SELECT * FROM rides"],
])("stays as it is: %s", (_, query) => {
  expect(pinTables(query, versions)).toEqual({ relation: query, pinned: {} });
});

test("a version that is no number is not written into a query", () => {
  expect(pinTables("SELECT 1 FROM a.b", { "a.b": "1 OR 1" })).toEqual({ relation: "SELECT 1 FROM a.b", pinned: {} });
});

test("the versions are those of the source", () => {
  const read = { source: "farm", read: "database", tables: ["main.features.rides"], versions } as const;
  expect(versionsThen([{ source: "lake", read: "table", version: "1" }, read], "farm")).toBe(versions);
  expect(versionsThen([read], "other")).toEqual({});
  expect(versionsThen(undefined, "farm")).toEqual({});
});
