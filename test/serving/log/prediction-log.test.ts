import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import type { LogSettings } from "../../../pipelines/serving/log/log-settings.ts";
import { openOutbox } from "../../../pipelines/serving/log/outbox.ts";
import { openPredictionLog, type PredictionLogOptions } from "../../../pipelines/serving/log/prediction-log.ts";
import type { RowColumn, ServingLog } from "../../../pipelines/serving/served-model.ts";
import { query } from "../../predictions/parquet.ts";
import { answered, batchOf, servedModel, textColumn } from "../builders.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-serving-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Node gives it to those that ask at the start; a context that is made later has it, too. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

const owner = { host: "here", pid: process.pid, writer: "serve-1" };

interface Changes extends Partial<Omit<PredictionLogOptions, "settingsOf">> {
  settings?: LogSettings;
}

function openLog({ settings = { sample: 1, redact: [] }, ...changes }: Changes = {}): ServingLog {
  const options = { folder, owner, outbox: null, clock: systemClock, log: silentLog };
  return openPredictionLog({ ...options, settingsOf: () => settings, ...changes });
}

const rent = servedModel(3);
const size = (...values: number[]): RowColumn => ({ name: "size", kind: "number", values: Float64Array.from(values) });
const city = (...values: (string | null)[]): RowColumn => textColumn("city", values);
const files = () =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".parquet"))
    .sort();
const rows = (columns = "*") => query(`SELECT ${columns} FROM read_parquet('${folder}/rent/*/*.parquet') ORDER BY ALL`);

describe("the prediction log of a server", () => {
  it("writes what was answered in the layout of the prediction log, by model and day", async () => {
    const log = openLog();
    const keys = ["1", "2"];
    log.onAnswered(
      answered(rent, batchOf(2, [size(50.1, Number.NaN), city("Ulm", null)], keys), { values: [500, 600] }),
    );
    const late = { time: Date.UTC(2001, 5, 16), values: [700], arm: "challenger" as const };
    log.onAnswered(answered(rent, batchOf(1, [size(7), city("Bonn")], null), late));
    await log[Symbol.asyncDispose]();
    expect(files()).toEqual(["rent/2001-06-15/serve-1-1.parquet", "rent/2001-06-16/serve-1-2.parquet"]);
    const common = { model: "rent", version: 3, latency_ms: 2.5, error: null };
    const noon = { ...common, time: new Date("2001-06-15T12:00:00Z"), arm: "production" };
    expect(await rows()).toEqual([
      { ...noon, key: "1", size: 50.1, city: "Ulm", prediction: 500 },
      { ...noon, key: "2", size: null, city: null, prediction: 600 },
      {
        ...common,
        time: new Date("2001-06-16T00:00:00Z"),
        arm: "challenger",
        key: null,
        size: 7,
        city: "Bonn",
        prediction: 700,
      },
    ]);
    const types = await query(`DESCRIBE SELECT * FROM read_parquet('${folder}/rent/*/*.parquet')`);
    expect(types.map(({ column_name: name, column_type: type }) => `${name} ${type}`)).toEqual([
      "time TIMESTAMP WITH TIME ZONE", "model VARCHAR", "version INTEGER", "arm VARCHAR", "key VARCHAR",
      "size DOUBLE", "city VARCHAR", "prediction FLOAT", "latency_ms DOUBLE", "error VARCHAR",
    ]); // biome-ignore format: two lines read better
    expect(log.facts()).toEqual({ kept: 3, dropped: 0, problem: null });
  });

  it("holds nothing of a request until its rows are handed over, so that thousands cost the collector nothing", async () => {
    const log = openLog();
    const batch = () => new WeakRef(batchOf(1, [size(7), city("Ulm")], ["1"]));
    const waiting = Array.from({ length: 100 }, batch);
    for (const each of waiting) log.onAnswered(answered(rent, each.deref()!, { values: [700] }));
    await setImmediate(); // until then whoever looked at it keeps it alive
    collectGarbage();
    expect(waiting.filter((each) => each.deref() !== undefined)).toHaveLength(0);
    await log[Symbol.asyncDispose]();
    expect(await rows("count(*)::INTEGER AS count, min(city) AS city")).toEqual([{ count: 100, city: "Ulm" }]);
  });

  it("has the texts of every row, whether they come again, are new or are missing", async () => {
    const log = openLog();
    const model = servedModel(3);
    for (let batch = 0; batch < 20; batch++) {
      const sizes = Array.from({ length: 1000 }, (_, row) => 1000 * batch + row);
      const texts = sizes.map((each) => (each % 7 === 0 ? null : each % 3 === 0 ? `city ${each}` : `city ${each % 5}`));
      log.onAnswered(answered(model, batchOf(1000, [size(...sizes), city(...texts)], sizes.map(String))));
    }
    await log[Symbol.asyncDispose]();
    const expected =
      "CASE WHEN size % 7 = 0 THEN NULL WHEN size % 3 = 0 THEN 'city ' || size::INT ELSE 'city ' || (size % 5)::INT END";
    const counts = `count(*)::INT AS n, count(DISTINCT size)::INT AS sizes, count(*) FILTER (key = (size::INT)::VARCHAR)::INT AS keys`;
    const rows = await query(
      `SELECT ${counts}, count(*) FILTER (city IS NOT DISTINCT FROM ${expected})::INT AS cities FROM read_parquet('${folder}/rent/*/*.parquet')`,
    );
    expect(rows).toEqual([{ n: 20_000, sizes: 20_000, keys: 20_000, cities: 20_000 }]);
  });

  it("is one for several servers that write into the same folder", async () => {
    const logs = ["serve-1", "serve-2"].map((writer) => openLog({ owner: { ...owner, writer } }));
    for (let batch = 0; batch < 30; batch++)
      for (const [at, log] of logs.entries())
        log.onAnswered(answered(rent, batchOf(1, [size(batch), city(`server ${at}`)], null)));
    // A third comes and goes while they write: what it finds unfinished is not abandoned.
    await openLog({ owner: { ...owner, writer: "serve-3" } })[Symbol.asyncDispose]();
    for (const log of logs) await log[Symbol.asyncDispose]();
    expect(files()).toEqual(["rent/2001-06-15/serve-1-1.parquet", "rent/2001-06-15/serve-2-1.parquet"]);
    const counted = `city, count(*)::INT AS n FROM read_parquet('${folder}/rent/*/*.parquet') GROUP BY city ORDER BY city`;
    expect(await query(`SELECT ${counted}`)).toEqual([
      { city: "server 0", n: 30 },
      { city: "server 1", n: 30 },
    ]);
  });

  it("writes rows when they are old enough, also while the machine's clock is set back", async () => {
    let wall = Date.UTC(2001, 5, 15, 12);
    const log = openLog({ clock: { now: () => new Date(wall) }, limits: { age: 200 } });
    log.onAnswered(answered(rent, batchOf(1, [size(1), city("Ulm")], null)));
    wall -= 60 * 60 * 1000;
    await vi.waitFor(() => expect(log.facts().kept).toBe(1), 10_000);
    await log[Symbol.asyncDispose]();
  });

  it("tells classes as predict --log does, and failed requests by their error", async () => {
    const features = [
      { name: "open", kind: "boolean" as const },
      { name: "error", kind: "category" as const },
    ];
    const model = servedModel(4, { features, classes: ["no", "yes"] });
    const open: RowColumn = { name: "open", kind: "boolean", values: Float64Array.of(1, 0, Number.NaN) };
    const error = textColumn("error", ["a", "b", "c"]);
    const log = openLog();
    const batch = batchOf(3, [open, error], ["1", "2", "3"]);
    log.onAnswered(answered(model, batch, { values: [0.25, 0.75, 0.5, 0.5, 1, 0] }));
    log.onAnswered(answered(model, batch, { error: "the model failed", time: Date.UTC(2001, 5, 15, 13) }));
    await log[Symbol.asyncDispose]();
    const chosen = "open, error_, label, probability_no, probability_yes, error";
    const failed = { label: null, probability_no: null, probability_yes: null, error: "the model failed" };
    expect(await query(`SELECT ${chosen} FROM read_parquet('${folder}/rent/*/*.parquet') ORDER BY time, key`)).toEqual([
      { open: true, error_: "a", label: "yes", probability_no: 0.25, probability_yes: 0.75, error: null },
      { open: false, error_: "b", label: "no", probability_no: 0.5, probability_yes: 0.5, error: null },
      { open: null, error_: "c", label: "no", probability_no: 1, probability_yes: 0, error: null },
      { open: true, error_: "a", ...failed },
      { open: false, error_: "b", ...failed },
      { open: null, error_: "c", ...failed },
    ]);
  });

  it("logs redacted columns as null and says so in the file", async () => {
    const log = openLog({ settings: { sample: 1, redact: ["city", "id"] } });
    log.onAnswered(answered(rent, batchOf(1, [size(50), city("Ulm")], ["1"])));
    await log[Symbol.asyncDispose]();
    expect(await rows("size, city, key")).toEqual([{ size: 50, city: null, key: null }]);
    const facts = `SELECT decode(value) AS value FROM parquet_kv_metadata('${folder}/rent/2001-06-15/serve-1-1.parquet') WHERE key = 'mergeml_redacted'`;
    expect(await query(facts)).toEqual([{ value: '["city","key"]' }]);
  });

  it("warns of a redacted column that the model does not have", async () => {
    const warn = vi.fn();
    const log = openLog({ settings: { sample: 1, redact: ["cty"] }, log: { ...silentLog, warn } });
    log.onAnswered(answered(rent, batchOf(1, [size(50), city("Ulm")], ["1"])));
    await log[Symbol.asyncDispose]();
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining("serving.log.redact names cty")]);
  });

  it("samples the same rows of production and of its shadow, by key", async () => {
    const log = openLog({ settings: { sample: 0.3, redact: [] } });
    const count = 4000;
    const keys = Array.from({ length: count }, (_, at) => `k${at}`);
    const columns = [size(...Array.from(keys, (_, at) => at)), city(...keys)];
    log.onAnswered(answered(rent, batchOf(count, columns, keys)));
    log.onAnswered(answered(servedModel(5), batchOf(count, columns, keys), { arm: "shadow" }));
    await log[Symbol.asyncDispose]();
    const from = `read_parquet('${folder}/rent/*/*.parquet')`;
    const [counted] = await query(`SELECT count(*) AS n, count(DISTINCT key) AS keys FROM ${from}`);
    expect(counted?.n).toBe(2 * Number(counted?.keys));
    expect(Math.abs(Number(counted?.keys) - 0.3 * count)).toBeLessThan(4 * Math.sqrt(count * 0.21));
    expect(log.facts()).toMatchObject({ kept: counted?.n, dropped: 0 });
  });

  it("writes a file once its rows are old enough, or many", async () => {
    const log = openLog({ limits: { age: 50, file: 100_000 } });
    const one = batchOf(1, [size(1), city("Ulm")], ["1"]);
    log.onAnswered(answered(rent, one));
    await vi.waitFor(() => expect(log.facts().kept).toBe(1), 5000);
    const many = batchOf(
      3000,
      [size(...new Float64Array(3000)), city(...Array.from({ length: 3000 }, () => "Ulm"))],
      null,
    );
    log.onAnswered(answered(rent, many));
    await vi.waitFor(() => expect(log.facts().kept).toBe(3001), 5000);
    await log[Symbol.asyncDispose]();
    expect(files()).toHaveLength(2);
  });

  it("drops and counts what its memory does not take, and goes on once there is room", async () => {
    const log = openLog({ limits: { held: 2_000, age: 100 } });
    const one = () => log.onAnswered(answered(rent, batchOf(1, [size(1), city("Ulm")], ["1"])));
    for (let each = 0; each < 100; each++) one();
    const { dropped, problem } = log.facts();
    expect(dropped).toBeGreaterThan(80);
    expect(problem).toMatch(/^rows are dropped: .* MiB of rows wait to be written$/);
    await vi.waitFor(() => expect(log.facts().kept).toBe(100 - dropped), 5000);
    one();
    await log[Symbol.asyncDispose]();
    expect(log.facts()).toEqual({ kept: 101 - dropped, dropped, problem: null });
  });

  it("keeps rows while their file cannot be written, and writes them when it can be", async () => {
    writeFileSync(join(folder, "rent"), "a file where the model's folder should be");
    const log = openLog({ limits: { age: 20 } });
    log.onAnswered(answered(rent, batchOf(1, [size(1), city("Ulm")], ["1"])));
    await vi.waitFor(() => expect(log.facts().problem).toMatch(/^rows wait, as their file cannot be written: /), 5000);
    expect(log.facts()).toMatchObject({ kept: 0, dropped: 0 });
    expect(readdirSync(join(folder, ".parts"))).toEqual([]);
    rmSync(join(folder, "rent"));
    await vi.waitFor(() => expect(log.facts()).toEqual({ kept: 1, dropped: 0, problem: null }), 5000);
    await log[Symbol.asyncDispose]();
  });

  it("removes what writers that are gone left, and nothing else", async () => {
    const parts = join(folder, ".parts");
    mkdirSync(parts);
    const gone = ["here~999999999~serve-0~1.part", `here~${process.pid}~serve-0~2.part`];
    const others = [`here~${process.ppid}~serve-9~1.part`, "there~1~serve-8~1.part", "notes.txt"];
    for (const name of [...gone, ...others]) writeFileSync(join(parts, name), "x");
    const log = openLog();
    log.onAnswered(answered(rent, batchOf(1, [size(1), city("Ulm")], ["1"])));
    await log[Symbol.asyncDispose]();
    expect(readdirSync(parts).sort()).toEqual(others.sort());
  });

  it("sends files, and those of an earlier run, and goes on when sending fails", async () => {
    const sent: string[] = [];
    let failures = 1;
    const outbox = () =>
      openOutbox({
        folder,
        log: silentLog,
        send: async (path) => {
          if (failures-- > 0) throw new Error("the bucket is not there");
          sent.push(path.slice(folder.length + 1));
        },
      });
    failures = 100;
    const first = openLog({ outbox: outbox(), limits: { age: 20 } });
    first.onAnswered(answered(rent, batchOf(1, [size(1), city("Ulm")], ["1"])));
    await vi.waitFor(
      () =>
        expect(first.facts()).toMatchObject({ kept: 1, problem: expect.stringContaining("the bucket is not there") }),
      5000,
    );
    await first[Symbol.asyncDispose]();
    expect([sent, files()]).toEqual([[], ["rent/2001-06-15/serve-1-1.parquet"]]);
    failures = 0;
    const second = openLog({ owner: { ...owner, writer: "serve-2" }, outbox: outbox() });
    second.onAnswered(answered(rent, batchOf(1, [size(1), city("Ulm")], ["1"])));
    await second[Symbol.asyncDispose]();
    expect(sent).toEqual(["rent/2001-06-15/serve-1-1.parquet", "rent/2001-06-15/serve-2-1.parquet"]);
    expect(files()).toEqual([]);
  });
});
