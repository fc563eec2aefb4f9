import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ModelDrift } from "../../../pipelines/watch/drift/model-drift.ts";
import type { Scratch } from "../../scratch.ts";
import { deployedRides, log, windowOf } from "./rides.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await deployedRides();
});
beforeEach(() => rmSync(join(scratch.root, "predictions"), { recursive: true, force: true }));
afterAll(() => scratch[Symbol.dispose]());

/** Predictions of the rides of an hour range of 2001-05-01, each at its ride's time. May 1 begins at ride 2880. */
const logged = ({
  hours = 24,
  from = 0,
  version = 1,
  km = "CAST(km AS DOUBLE) AS km",
  key = "CAST(id AS VARCHAR)",
} = {}) =>
  `SELECT TIMESTAMPTZ '2001-05-01 00:00:00+00' + to_hours(CAST(id - 2880 AS INTEGER)) AS time, 'ride' AS model, ${version} AS version,
    'production' AS arm, ${key} AS key, ${km === "" ? "" : `${km},`} weather, CAST(minutes + 2 AS FLOAT) AS prediction, 0.5 AS latency_ms
    FROM '${join(scratch.root, "data/rides.parquet")}' WHERE id >= ${2880 + from} AND id < ${2880 + from + hours}`;

let ride = "";
beforeAll(() => {
  ride = readFileSync(join(scratch.root, "models/ride/model.yaml"), "utf8");
});

const now = "2001-05-02";
const may1 = { from: new Date("2001-05-01"), to: new Date("2001-05-02") };

describe("the prediction log", () => {
  it("is read where it is, with labels joined by key", async () => {
    await log(scratch, "2001-05-01/server-0.parquet", logged());
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({
      source: "log",
      rows: 24,
      columns: { features: ["km", "weather"], predictions: ["prediction"], target: "minutes" },
      labels: { known: 24, late: 0, missing: 0, duplicated: 0, problem: null },
      log: { files: 1, skipped: [], otherVersions: 0, redacted: [] },
      ...{ vanished: [], changed: [], added: [] },
    });
    for (const { prediction, minutes } of found.content) expect(prediction).toBe(Number(minutes) + 2);
  });

  it("is what predict --log writes", async () => {
    scratch.write(
      "may.sql",
      "SELECT id, km, weather FROM 'rides.parquet' WHERE started_at >= $start AND started_at < $end",
    );
    const range = ["--from", "2001-05-01", "--to", "2001-05-02"];
    const output = ["--output", "out.parquet", "--log", "--now", "2001-05-01T12:00:00Z"];
    await scratch.facts(["predict", "ride", "--input", "may.sql", ...range, ...output]);
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ source: "log", rows: 24, labels: { known: 24 }, added: [] });
    for (const { prediction, minutes } of found.content)
      expect(Math.abs(Number(prediction) - Number(minutes))).toBeLessThan(3);
  });

  it("counts rows by their time in UTC, in whatever folder around midnight", async () => {
    await log(scratch, "2001-04-30/a-0.parquet", logged({ from: -2, hours: 4 }));
    await log(scratch, "2001-05-02/a-0.parquet", logged({ from: 22, hours: 4 }));
    const inBerlin = logged({ from: 10, hours: 2 }).replace(
      /^SELECT .+? AS time/s,
      "SELECT '2001-05-01T01:30:00+02:00' AS time",
    );
    await log(scratch, "2001-05-01/b-0.parquet", inBerlin);
    expect((await windowOf(scratch, { now })).rows).toBe(4);
    expect((await windowOf(scratch, { now: "2001-05-01" })).rows).toBe(4);
  });

  it("without rows in the window is an empty window, not another source", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged());
    expect(await windowOf(scratch, { now: "2001-08-01" })).toMatchObject({ source: "log", rows: 0, content: [] });
    expect(await windowOf(scratch, { now: "2031-08-01" })).toMatchObject({ source: "log", rows: 0 });
  });

  it("counts labels as late, missing or contradicting", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged());
    await log(scratch, "2001-05-01/a-1.parquet", logged({ hours: 6, key: "'none ' || id" }));
    await log(scratch, "2001-05-01/a-2.parquet", logged({ hours: 5, key: "CAST(NULL AS VARCHAR)" }));
    const found = await windowOf(scratch, { now, drift: { label_delay: "4h" } });
    expect(found).toMatchObject({ rows: 35, labels: { known: 21, late: 3, missing: 11, duplicated: 0 } });
    expect(found.content.filter(({ minutes }) => minutes !== null)).toHaveLength(21);
  });

  it("finds the label of what happens within the delay after its prediction", async () => {
    await log(
      scratch,
      "2001-05-01/a-0.parquet",
      logged({ from: 20, hours: 8 }).replace("CAST(id - 2880 AS", "CAST(id - 2886 AS"),
    );
    const drift = { label_delay: "4h" };
    const found = await windowOf(scratch, { now: "2001-05-04", interval: may1, drift });
    expect(found).toMatchObject({ rows: 8, labels: { known: 8, missing: 0 } });
    expect(await windowOf(scratch, { now: "2001-05-04", interval: may1 })).toMatchObject({
      labels: { known: 4, missing: 4 },
    });
  });

  it("gives a key that was logged twice its label twice", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged());
    await log(scratch, "2001-05-01/b-0.parquet", logged());
    expect(await windowOf(scratch, { now })).toMatchObject({ rows: 48, labels: { known: 48, duplicated: 0 } });
  });

  it("takes the rows of the version in production only", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged({ hours: 10, version: 7 }));
    await log(
      scratch,
      "2001-05-01/a-1.parquet",
      `${logged({ from: 10, hours: 10 })} UNION ALL ${logged({ hours: 1, version: 7 })}`,
    );
    expect(await windowOf(scratch, { now })).toMatchObject({ rows: 10, log: { files: 2, otherVersions: 11 } });
  });
});

describe("columns of the log", () => {
  it("that vanished are told, however other versions were logged", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged({ version: 7 }));
    await log(scratch, "2001-05-01/a-1.parquet", `SELECT *, 1 AS more FROM (${logged({ km: "" })})`);
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ vanished: ["km"], changed: [], added: ["more"], columns: { features: ["weather"] } });
    expect(Object.keys(found.content[0] ?? {})).toEqual(["weather", "prediction", "minutes"]);
  });

  it("that vanished half way are missing in those rows", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged({ hours: 12 }));
    await log(scratch, "2001-05-01/a-1.parquet", logged({ from: 12, hours: 12, km: "" }));
    const found = await windowOf(scratch, { now });
    expect(found.vanished).toEqual([]);
    expect(found.content.filter(({ km }) => km === null)).toHaveLength(12);
  });

  it("of another type are kept as they came; texts of numbers are numbers", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged({ hours: 12, km: "CAST(km AS VARCHAR) AS km" }));
    expect(await windowOf(scratch, { now })).toMatchObject({ changed: [], rows: 12 });
    await log(scratch, "2001-05-01/a-1.parquet", logged({ from: 12, hours: 12, km: "km || ' km' AS km" }));
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ changed: ["km"], rows: 24 });
    expect(found.content.filter(({ km }) => /^\d+ km$/.test(String(km)))).toHaveLength(12);
  });
});

describe("a redacted column", () => {
  const redacted = { metadata: `{mergeml_redacted: '["km"]'}` };

  it("is not compared, where any file of the window has it redacted", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged({ hours: 12, km: "CAST(NULL AS DOUBLE) AS km" }), redacted);
    await log(scratch, "2001-05-01/a-1.parquet", logged({ from: 12, hours: 12 }));
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ rows: 24, vanished: [], changed: [], columns: { features: ["weather"] } });
    expect(found.log).toMatchObject({ redacted: ["km"] });
    expect(found.labels.known).toBe(24);
  });

  it("raises no alarm, where a column of nulls does", async () => {
    const args = ["drift", "ride", "--now", now, "--window", "1d", "--json"];
    await log(scratch, "2001-05-01/a-0.parquet", logged({ km: "CAST(NULL AS DOUBLE) AS km" }));
    scratch.write("models/ride/model.yaml", `${ride}drift: { min_rows: 10 }\n`);
    try {
      const alarm = JSON.parse((await scratch.mergeml(...args)).stdout) as { models: [ModelDrift] };
      expect(alarm.models[0].result).toMatchObject({ because: ["features", "performance"] });
      await log(scratch, "2001-05-01/a-0.parquet", logged({ km: "CAST(NULL AS DOUBLE) AS km" }), redacted);
      const quiet = JSON.parse((await scratch.mergeml(...args)).stdout) as { models: [ModelDrift] };
      expect(quiet.models[0].result).toMatchObject({ because: ["performance"] });
      expect(quiet.models[0].result.features.find(({ name }) => name === "km")).toMatchObject({
        state: "not compared",
        verdict: "stable",
      });
      const { stdout } = await scratch.mergeml("drift", "ride", "--now", now, "--window", "1d");
      expect(stdout).toContain("Not compared, since the prediction log has them redacted: km.");
    } finally {
      scratch.write("models/ride/model.yaml", ride);
    }
  });

  it("is named by a list, and what is none hides nothing", async () => {
    for (const metadata of ["{mergeml_redacted: 'km'}", "{mergeml_redacted: '{}'}", "{mergeml_redacted: '[1]'}"]) {
      await log(scratch, "2001-05-01/a-0.parquet", logged(), { metadata });
      expect((await windowOf(scratch, { now })).columns.features).toEqual(["km", "weather"]);
    }
  });
});

describe("hostile files", () => {
  it("are skipped with the reason, and the others are read", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged());
    const folder = join(scratch.root, "predictions/ride/2001-05-01");
    writeFileSync(join(folder, "b-0.parquet"), "no parquet");
    writeFileSync(join(folder, "b-1.parquet"), "");
    writeFileSync(join(folder, ".c-0.parquet.part"), "unfinished");
    symlinkSync("a-0.parquet", join(folder, "d-0.parquet"));
    await log(scratch, "2001-05-01/e-0.parquet", "SELECT 1 AS version, 5 AS x");
    await log(scratch, "2001-05-01/e-1.parquet", "SELECT 1 AS version, 5 AS time");
    await log(scratch, "2001-05-01/f-0.parquet", logged().replace("1 AS version", "'one' AS version"));
    await log(scratch, "2001-05-01/[g].parquet", logged());
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ rows: 24, log: { files: 2, otherVersions: 24 } });
    expect(found.log?.skipped.map(({ file, reason }) => `${file.split("/").at(-1)}: ${reason}`)).toEqual([
      "[g].parquet: its name is a pattern, which would read other files",
      expect.stringMatching(/^b-0\.parquet: .*(too small|magic bytes)/),
      expect.stringMatching(/^b-1\.parquet: /),
      "e-0.parquet: it has no column time",
      "e-1.parquet: its column time is INTEGER, not a timestamp",
    ]);
    for (const { reason } of found.log?.skipped ?? []) expect(reason).not.toContain(scratch.folder);
  });

  it("alone are an error that names them", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", "SELECT 1 AS x");
    await expect(windowOf(scratch, { now })).rejects.toThrow("no file of the prediction log can be read (1)");
  });

  it("cut off in the middle of their data are skipped whole", async () => {
    await log(scratch, "2001-05-01/a-0.parquet", logged());
    await log(scratch, "2001-05-01/b-0.parquet", logged());
    const file = join(scratch.root, "predictions/ride/2001-05-01/b-0.parquet");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 8, Math.floor(bytes.length / 3)));
    const found = await windowOf(scratch, { now });
    expect(found.log?.skipped).toHaveLength(1);
    expect(found.rows).toBe(24);
  });
});

it("a feature query that fails leaves the window without labels, and says why", async () => {
  await log(scratch, "2001-05-01/a-0.parquet", logged());
  const path = join(scratch.root, "data/rides.parquet");
  renameSync(path, `${path}.gone`);
  try {
    const found = await windowOf(scratch, { now });
    expect(found).toMatchObject({ rows: 24, columns: { target: null } });
    expect(found.labels.problem).toContain("no file rides.parquet in the data folders");
  } finally {
    renameSync(`${path}.gone`, path);
  }
});
