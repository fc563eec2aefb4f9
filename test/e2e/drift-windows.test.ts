import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ColumnDrift } from "../../pipelines/watch/drift/drift-result.ts";
import type { ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { query } from "../predictions/parquet.ts";
import { rideYaml } from "../ride-model.ts";
import { makeScratch, type Scratch } from "../scratch.ts";

const modelText = (name: string, end: string) =>
  rideYaml({ name, window: { end }, more: "drift: { query: live.sql, window: 30d, min_rows: 50 }\n" });

/** A ride an hour of 2001. The seats never change. */
const ridesQuery = `SELECT i AS id, TIMESTAMP '2001-01-01' + to_hours(i) AS started_at, 1.0 + hash(i) % 10 AS km,
  ['rain', 'sun'][CAST(1 + hash(i * 7) % 2 AS INTEGER)] AS weather, 4 AS seats,
  3.0 * (1 + hash(i) % 10) + 15 * (hash(i * 7) % 2) + hash(i * 11) % 5 AS minutes FROM range(8760) t(i)`;

const inWindow = "FROM 'rides.parquet' WHERE started_at >= $start AND started_at < $end";
const all = `SELECT id, started_at, km, weather, seats, minutes ${inWindow}`;

let scratch: Scratch;

beforeAll(async () => {
  scratch = makeScratch({ model: false });
  mkdirSync(join(scratch.root, "data"));
  await query(`COPY (${ridesQuery}) TO '${join(scratch.root, "data/rides.parquet")}'`);
  for (const [name, end] of [
    ["ride", "2001-04-01"],
    ["tiny", "2001-01-02T13:00:00Z"],
    ["open", "2999-01-01"],
  ] as const) {
    scratch.write(`models/${name}/model.yaml`, modelText(name, end));
    scratch.write(`models/${name}/features.sql`, `${all}\n`);
    scratch.write(`models/${name}/live.sql`, `${all}\n`);
  }
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add models");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "ride"]);
  await scratch.facts(["run", "tiny"]);
  await scratch.facts(["run", "open"]);
});

afterAll(() => scratch[Symbol.dispose]());

interface Choice {
  model?: string;
  args?: string[];
}

/** What `mergeml drift` says of the rows of a query, in April 2001 unless told otherwise, which is after the data of `ride`. */
async function told(sql: string, { model = "ride", args = ["--now", "2001-05-01"] }: Choice = {}) {
  scratch.write(`models/${model}/live.sql`, `${sql}\n`);
  const { code, stdout, stderr } = await scratch.mergeml("drift", model, ...args);
  return { code, text: `${stdout}${stderr}` };
}

/** The same, and its facts. */
async function drift(sql: string, { model = "ride", args = ["--now", "2001-05-01"] }: Choice = {}) {
  const { code, text } = await told(sql, { model, args });
  const facts = await scratch.facts<{ models: [ModelDrift] }>(["drift", model, ...args], code);
  const [found] = facts.models;
  const column = (name: string): ColumnDrift | undefined =>
    [...found.result.features, ...found.result.predictions].find((each) => each.name === name);
  return { code, text, found, column };
}

const replaced = (name: string, sql: string) => all.replace(new RegExp(`\\b${name}\\b`), `${sql} AS ${name}`);

describe("mergeml drift on odd windows", () => {
  it.each<[title: string, sql: string, expected: RegExp]>([
    ["all null", replaced("km", "CAST(NULL AS DOUBLE)"), /^! {2}km .*missing 1 \(0\.05\) .*missing 0% → 100%/m],
    ["a category of nulls", replaced("weather", "CAST(NULL AS VARCHAR)"), /^! {2}weather .*missing 0% → 100%/m],
    ["constant", replaced("km", "5.0"), /^! {2}km .*→ 5$/m],
    [
      "infinite at times",
      replaced("km", "CASE WHEN id % 9 = 0 THEN 'inf'::DOUBLE WHEN id % 9 = 4 THEN '-inf'::DOUBLE ELSE km END"),
      /^! {2}km .*infinite 0\.22 \(0\.01\)/m,
    ],
    [
      "one category replaced",
      replaced("weather", "CASE weather WHEN 'rain' THEN 'snow' ELSE weather END"),
      /^! {2}weather .*rain: \d+% → 0%.*unseen: snow \d+%/m,
    ],
    ["vanished", all.replace(" km,", ""), /^! {2}km .* the column is gone$/m],
    ["of another type", replaced("km", "DATE '2001-01-01'"), /^! {2}km .*another type/m],
  ])("%s", async (_title, sql, expected) => {
    const { code, text } = await told(sql);
    expect([code, text]).toEqual([1, expect.stringMatching(expected)]);
    expect(text).toContain("2001-04-01 … 2001-04-30, 720 rows of drift.query");
  });

  it("tells what no retrain mends", async () => {
    expect((await told(all.replace(" km,", ""))).text).toContain(
      "1. Mend the source: km is gone or of another type, which no retrain makes good.",
    );
  });

  it("says how many rows cannot be converted, and has none when none can", async () => {
    const some = await drift(replaced("km", "CASE WHEN id % 4 = 0 THEN 'far' ELSE CAST(km AS VARCHAR) END"));
    expect(some.text).toContain("180 rows have a value that cannot be converted and were left out.");
    expect(some).toMatchObject({ code: 0, found: { rejected: 180, result: { rows: { current: 540 } } } });
    const none = await drift(replaced("km", "'far'"));
    expect(none).toMatchObject({ code: 4, found: { outcome: "too few rows", rejected: 720 } });
    expect(none.text).toMatch(/^ride cannot be checked for drift: none of the window's 720 rows can be converted\.$/m);
    expect(none.text).toContain("1. Mend the source: 720 rows have a value that the model cannot be given.");
  });

  it("lists a new column and does not alarm", async () => {
    const { code, text } = await told(all.replace("minutes", "minutes, 1 AS gate"));
    expect([code, text]).toEqual([0, expect.stringContaining("New columns that the model does not know: gate.")]);
  });

  it("shows that a constant column moved, which the model cannot mind", async () => {
    expect((await drift(all)).column("seats")).toMatchObject({ verdict: "stable", effects: [{ value: 0 }] });
    const { code, column } = await drift(replaced("seats", "5"));
    expect(column("seats")).toMatchObject({ verdict: "drift", weight: 0 });
    expect(code).toBe(0);
  });

  it("finds no distance at all in the rows of the train split", async () => {
    const same = `SELECT id, started_at, km, weather, seats, minutes FROM 'rides.parquet'
      WHERE started_at <= TIMESTAMP '2001-03-13 23:00' AND $start < $end`;
    const { code, found } = await drift(same);
    expect(code).toBe(0);
    expect(found.result.rows).toMatchObject({ reference: 1728, current: 1728 });
    for (const { effects } of found.result.features) expect(effects.map(({ value }) => value)).toEqual([0]);
  });

  it("tells a feed that stopped, and not one that never was", async () => {
    const stopped = `${all} AND started_at < TIMESTAMP '2001-05-01'`;
    const { code, text, found } = await drift(stopped, { args: ["--now", "2001-05-31"] });
    expect([code, found.outcome, found.silence]).toEqual([
      5,
      "silent",
      { since: "2001-05-01T00:00:00.000Z", rows: 720 },
    ]);
    expect(text).toContain("ride gets no rows any more: the last came before 2001-05-01.");
    expect(text).toContain("1. Mend the feed: ");
    expect((await told(all, { args: ["--now", "2001-05-31"] })).code).not.toBe(5);
  });

  it("has too few rows of none", async () => {
    const { code, text } = await told(`${all} AND km < 0`);
    expect([code, text]).toEqual([
      4,
      expect.stringContaining("ride cannot be checked for drift: the window has no rows."),
    ]);
  });

  it("knows how far the data reaches of a model whose window is not over", async () => {
    const { code, text, found } = await drift(all, { model: "open", args: ["--now", "2001-06-15"] });
    expect([code, found.outcome, found.retrain]).toEqual([4, "too few rows", null]);
    expect(text).toContain(
      "overlaps what v1 was trained and tested on, the rows of 2001-01-01 … 2001-12-31, and is not",
    );
    expect(text).toContain(
      "The first window that is new to v1 is 2002-01-01 … 2002-01-30: mergeml drift open --now 2002-01-31",
    );
  });

  it("compares with a reference of 30 rows, carefully", async () => {
    const clean = await drift(all, { model: "tiny" });
    expect(clean).toMatchObject({ code: 0, found: { result: { rows: { reference: 30, current: 720 } } } });
    expect(clean.text).toContain("against the 30 rows that trained v1 (2001-01-01 … 2001-01-02)");
    expect((await drift(replaced("km", "km + 20"), { model: "tiny" })).code).toBe(1);
  });
});

describe("drift.method: evidently", () => {
  const yaml = modelText("ride", "2001-04-01");
  beforeAll(() => scratch.write("models/ride/model.yaml", yaml.replace("{ query:", "{ method: evidently, query:")));
  afterAll(() => scratch.write("models/ride/model.yaml", yaml));

  it("compares the window with the rows of the train split", async () => {
    const clean = await drift(all);
    expect([clean.code, clean.found.result.method]).toEqual([0, "evidently"]);
    expect(clean.text).toContain("By Evidently's default tests, each column for itself at 0.05:");
    const moved = await drift(replaced("km", "km + 2").replace("weather", "'hail' AS weather"));
    expect(moved.column("km")).toMatchObject({ verdict: "drift", effects: [{ name: "wasserstein", limit: 0.1 }] });
    expect(moved.column("weather")).toMatchObject({ verdict: "drift", effects: [{ name: "jensen-shannon" }] });
    expect(moved.code).toBe(1);
  });

  it("says how to get the rows where they are not stored", async () => {
    const store = join(scratch.root, ".mergeml/store/datasets");
    renameSync(store, `${store}.away`);
    try {
      const { code, stdout } = await scratch.mergeml("drift", "ride", "--now", "2001-06-15");
      expect(code).toBe(3);
      expect(stdout).toMatch(
        /^ride: drift\.method: evidently compares the rows that ride was trained on, and fp:[0-9a-f]+ is not in the/,
      );
      expect(stdout).toContain("mergeml reproduce ride@<version> stores them anew");
    } finally {
      rmSync(store, { recursive: true, force: true });
      renameSync(`${store}.away`, store);
    }
  });
});

it("two runs at once say the same", async () => {
  scratch.write("models/ride/live.sql", all);
  const run = () => scratch.facts<object>(["drift", "ride", "--now", "2001-05-09", "--window", "9d", "--no-cache"]);
  const [first, second] = await Promise.all([run(), run()]);
  expect(second).toEqual(first);
});

describe("mergeml drift and time", () => {
  it.each([
    ["a month's end, in the middle of a day", all, "2001-05-01T13:30:00Z", 720],
    ["a leap year's end of February, which 2001 does not have", all, "2001-12-01", 720],
    [
      "timestamps with a time zone",
      all.replaceAll(/started_at (>=|<)/g, "(started_at AT TIME ZONE 'UTC') $1"),
      "2001-05-01",
      720,
    ],
    [
      "times of Berlin, two hours ahead",
      all.replaceAll(/started_at (>=|<)/g, "(started_at AT TIME ZONE 'Europe/Berlin') $1"),
      "2001-05-01",
      720,
    ],
  ])("counts the rows of %s", async (_title, sql, now, rows) => {
    const { found, code } = await drift(sql, { args: ["--now", now] });
    expect([code, found.result.rows.current, found.window.to]).toEqual([0, rows, `${now.slice(0, 10)}T00:00:00.000Z`]);
  });

  it("does not depend on the machine's time zone", async () => {
    const { found } = await drift(all, { args: ["--now", "2001-05-03", "--window", "3d"] });
    const program = resolve("scripts/mergeml.ts");
    const options = { cwd: scratch.root, env: { ...scratch.env, TZ: "America/St_Johns" } };
    const argv = [program, "drift", "ride", "--now", "2001-05-03", "--window", "3d", "--json", "--no-cache"];
    const away = JSON.parse(
      execFileSync(process.execPath, argv, { ...options, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
    expect(away.models[0]).toEqual(JSON.parse(JSON.stringify(found)));
  });
});

describe("mergeml drift and labels", () => {
  it("counts those that are known, and none that contradict each other", async () => {
    const missing = await drift(replaced("minutes", "CASE WHEN id % 2 = 0 THEN minutes END"));
    expect(missing.found.labels).toMatchObject({ known: 360, missing: 360 });
    expect(missing.text).toContain("50% of the window's labels have arrived, and a metric is judged from 80% on");
    const few = await drift(replaced("minutes", "CASE WHEN id % 10 <> 0 THEN minutes END"));
    expect(few.text).toContain(`on ${few.found.labels.known} labelled rows`);
    const twice = await drift(
      `${all} UNION ALL ${replaced("minutes", "minutes + 90").replace("WHERE", "WHERE id % 3 = 0 AND")}`,
    );
    expect(twice.found.labels).toMatchObject({ known: 480, duplicated: 480 });
    expect(twice.text).toContain("480 rows have outcomes that contradict each other; none of them counts.");
  });

  it("does not know the accuracy without the target, and says why", async () => {
    const { text } = await told(all.replace(", minutes", ""));
    expect(text).toContain("Whether it costs you accuracy is not known: the query does not return the target minutes;");
    expect(text).toMatch(/; as an estimate without labels, rmse is 1\.\d+ \(1\.\d+ … 1\.\d+\), 1\.\d+ at deploy\.$/m);
  });

  it("sees what it costs when only the outcomes move", async () => {
    const { code, text, found } = await drift(replaced("minutes", "minutes + 30"));
    expect([code, found.result.because]).toEqual([1, ["performance"]]);
    expect(text).toMatch(/^ride is drifting: rmse\.$/m);
    expect(text).toMatch(/^It costs you accuracy: rmse [23]\d/m);
  });
});

describe("mergeml drift on the prediction log", () => {
  const yaml = modelText("ride", "2001-04-01");
  const watch = (settings: string) =>
    scratch.write("models/ride/model.yaml", yaml.replace("{ query: live.sql, window: 30d, min_rows: 50 }", settings));

  beforeAll(async () => {
    const rides = ["predict", "ride", "--input", "models/ride/features.sql", "--output", "out.parquet", "--log"];
    for (const day of [1, 2, 3, 4, 5, 6]) {
      const range = ["--from", `2001-06-0${day}`, "--to", `2001-06-0${day + 1}`];
      await scratch.facts([...rides, ...range, "--now", `2001-06-0${day}T00:30:00Z`]);
    }
  });
  afterAll(() => scratch.write("models/ride/model.yaml", yaml));

  const newest = async () => (await scratch.mergeml("drift", "ride", "--now", "2001-06-07")).stdout;

  it("reads what predict --log wrote, and joins the labels that are old enough", async () => {
    watch("{ window: 3d, min_rows: 40, label_delay: 1d }");
    expect(await newest()).toMatch(
      /^Window 2001-06-04 … 2001-06-06, 72 rows of the prediction log, .*\nIt does not cost you accuracy: rmse 1\.\d+ \(.*\) on 48 labelled rows, 1\.\d+ at deploy\.$/m,
    );
  });

  it("judges an earlier window's labels when the delay is as long as the window", async () => {
    watch("{ window: 2d, min_rows: 40, label_delay: 3d }");
    expect(await newest()).toMatch(
      /^Window 2001-06-05 … 2001-06-06, 48 rows of .*\nIt does not cost you accuracy: rmse 1\.\d+ \(.*\) on 48 labelled rows of 2001-06-02 … 2001-06-03, 1\./m,
    );
  });

  it("says how many labels are awaited where nothing was predicted that much earlier", async () => {
    watch("{ window: 2d, min_rows: 40, label_delay: 9w }");
    expect(await newest()).toContain(
      "Whether it costs you accuracy is not known: 48 rows are younger than drift.label_delay;",
    );
  });

  it("leaves out an earlier window that cannot be read, and says so", async () => {
    watch("{ window: 2d, min_rows: 40 }");
    const folder = join(scratch.root, "predictions/ride/2001-05-28");
    mkdirSync(folder);
    writeFileSync(join(folder, "broken.parquet"), "no parquet");
    const { code, stdout } = await scratch.mergeml("drift", "ride", "--now", "2001-06-07");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /earlier windows? cannot be read, first 2001-05-\d\d … 2001-05-\d\d: no file of the prediction log/,
    );
    const refused = await scratch.mergeml("drift", "ride", "--now", "2001-05-29");
    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(
      /^ride: no file of the prediction log can be read \(1\)\n {2}predictions\/ride\/2001-05-28\/broken/,
    );
    expect(refused.stdout).toContain("mend or remove these files");
  });

  it("has too few rows, and says how to get some, where nothing was logged", async () => {
    watch("{ window: 2d }");
    const { code, stdout } = await scratch.mergeml("drift", "ride", "--now", "2001-07-01");
    expect(code).toBe(4);
    expect(stdout).toContain(
      "Log what production predicts: serving writes the prediction log, or mergeml predict ride",
    );
  });
});
