import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataFolder, openDataFolders } from "../../pipelines/data/data-folders.ts";
import { duckdbEngine } from "../../pipelines/data/engines/duckdb/duckdb-engine.ts";
import { type PrepareJob, sqlText } from "../../pipelines/data/engines/engine.ts";
import { preparing } from "../../pipelines/data/prepare-features.ts";
import { scratchFolder } from "../templates.ts";

let root = "";
let folders: DataFolder[] = [];

beforeAll(async () => {
  root = scratchFolder("prepare");
  mkdirSync(join(root, "data"));
  const rows = Array.from(
    { length: 20_000 },
    (_, i) => `2001-01-${String(1 + (i % 28)).padStart(2, "0")},${i / 4},"it""s ${i % 9}"`,
  );
  writeFileSync(join(root, "data/f.csv"), `day,km,"the name"\n${rows.join("\n")}\n`);
  folders = await openDataFolders(root, ["data"]);
});

afterAll(() => rmSync(root, { recursive: true }));

const window = { start: "2001-01-05", end: "2001-01-09" };

function job(query: string): PrepareJob {
  return { sql: sqlText("models/m/features.sql", query), window, folders, limits: preparing };
}

const inWindow = "FROM 'f.csv' WHERE day >= $start AND day < $end";

describe("a query with a window has, before it runs, the columns that it has when it runs", () => {
  test.each([
    ["names and types", `SELECT day, km AS y, "the name" ${inWindow}`],
    ["expressions of the window", `SELECT day - $start AS since, $end AS until, km ${inWindow}`],
    ["an expression without a name", `SELECT day - $start, km + 1, $end, upper("the name") ${inWindow}`],
    ["names that are hard to write", `SELECT km AS "a""b $start", '$start' AS s, km AS "ä 2001-01-01" ${inWindow}`],
    [
      "WITH, groups, windows",
      `WITH r AS (SELECT * ${inWindow}) SELECT "the name" AS n, max(km) OVER w AS m, day FROM r WINDOW w AS (PARTITION BY day)`,
    ],
    [
      "lists, structs, casts",
      `SELECT [km] AS l, {'a': day, 'b': $start} AS s, km::DECIMAL(9, 2) AS d, day::TIMESTAMPTZ AS z ${inWindow}`,
    ],
    ["columns by a pattern", `SELECT COLUMNS('k.*'), * EXCLUDE (km) REPLACE (day > $start AS day) ${inWindow}`],
  ])("%s", async (_title, query) => {
    const staging = join(root, "staging");
    mkdirSync(staging, { recursive: true });
    const result = await duckdbEngine.query({ ...job(query), staging });
    await result.close();
    const prepared = await duckdbEngine.prepare(job(query));
    expect(prepared).toEqual({ columns: result.columns, parameters: result.parameters });
  });
});

// What a process has read stands in /proc, which only Linux has.
test.runIf(process.platform === "linux")("the head of a CSV file is read once for it, not twice", async () => {
  const [bounded, whole] = [
    `SELECT day, km AS y ${inWindow}`,
    "SELECT day, km AS y FROM 'f.csv' WHERE day >= DATE '2001-01-05'",
  ];
  const size = statSync(join(root, "data/f.csv")).size;
  const bytesRead = () => Number(/^rchar: ([0-9]+)$/m.exec(readFileSync("/proc/self/io", "utf8"))![1]);
  const timesRead = async (query: string) => {
    const before = bytesRead();
    await duckdbEngine.prepare({ ...job(query), unusedWindow: undefined });
    return Math.floor((bytesRead() - before) / size);
  };
  const least = { bounded: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
  // The least of some, as the process may read something else meanwhile.
  for (let round = 0; round < 6; round += 1) {
    least.bounded = Math.min(least.bounded, await timesRead(bounded));
    least.whole = Math.min(least.whole, await timesRead(whole));
  }
  expect(least.whole).toBeGreaterThan(0);
  expect(least.bounded).toBe(least.whole);
});
