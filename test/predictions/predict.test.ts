import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PredictResult } from "../../pipelines/predict.ts";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { query } from "./parquet.ts";

let scratch: Scratch;
const path = (name: string) => join(scratch.root, name);
const predict = (model: string, input: string, ...more: string[]) =>
  scratch.facts<PredictResult>(["predict", model, "--input", input, "--output", "out/scored.parquet", ...more]);
const refused = (model: string, input: string, ...more: string[]) =>
  scratch.mergeml("predict", model, "--input", input, "--output", "out/refused.parquet", ...more);
const scored = (file = "out/scored.parquet") => query(`FROM '${path(file)}'`);

beforeAll(async () => {
  scratch = makeScratch();
  const thresholds = "  primary: accuracy\n  first_deploy: { accuracy: { min: 0.5 } }";
  const dear = modelYaml({ name: "dear", thresholds })
    .replace("task: regression", "task: classification")
    .replace("target: rent", "target: band");
  scratch.write("models/dear/model.yaml", dear);
  scratch.write(
    "models/dear/features.sql",
    "SELECT id, size, rooms > 2 AS large, city, CASE WHEN rent < 500 THEN 'low' WHEN rent < 900 THEN 'Low' ELSE 'high' END AS band FROM 'flats.csv'",
  );
  await scratch.facts(["init"]);
  await scratch.facts(["run", "rent"]);
  await scratch.facts(["run", "dear"]);
});

afterAll(() => scratch[Symbol.dispose]());

describe("a file of rows", () => {
  it("is scored in its order, with the key, the features and the prediction", async () => {
    await query(
      `COPY (SELECT i AS id, 20 + (i % 7) AS size, 1 + i % 3 AS rooms, ['Bonn', NULL, 'Oslo'][1 + i % 3] AS city
        FROM range(300000) t(i)) TO '${path("many.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 20000)`,
    );
    const result = await predict("rent", "many.parquet");
    expect(result).toMatchObject({ version: 1, rows: 300000, scored: 300000, rejected: 0, rejected_file: null });
    const rows = await scored();
    expect(Object.keys(rows[0] ?? {})).toEqual(["id", "size", "rooms", "city", "prediction"]);
    expect(rows.every(({ id }, at) => id === at)).toBe(true);
    const answers = new Map(rows.slice(0, 21).map(({ size, rooms, prediction }) => [`${size} ${rooms}`, prediction]));
    expect(answers.size).toBe(21);
    expect(rows.every(({ size, rooms, prediction }) => answers.get(`${size} ${rooms}`) === prediction)).toBe(true);
  });

  it("gives the predictions of the evaluation, whatever the format", async () => {
    const { predictions } = await scratch
      .facts<{ candidate: { predictions: { fingerprint: string } } }>(["show", "rent"])
      .then(({ candidate }) => candidate);
    const judged = path(`.mergeml/store/datasets/${predictions.fingerprint.slice(3)}.parquet`);
    await query(`COPY (FROM read_csv('${path("data/flats.csv")}')) TO '${path("flats.parquet")}'`);
    await query(`COPY (FROM read_csv('${path("data/flats.csv")}')) TO '${path("flats.jsonl")}' (FORMAT json)`);
    for (const file of ["data/flats.csv", "flats.parquet", "flats.jsonl"]) {
      const { scored: rows, ignored } = await predict("rent", file);
      expect([rows, ignored]).toEqual([600, ["rent"]]);
      const [agreement] = await query(
        `SELECT count(*) AS rows, max(abs(a.prediction - b.prediction)) AS off
          FROM '${judged}' a JOIN '${path("out/scored.parquet")}' b USING (id)`,
      );
      expect(agreement).toMatchObject({ off: 0 });
      expect(agreement?.rows).toBeGreaterThan(100);
    }
  });

  it("of a classifier gets a label and a probability a class, also of classes that differ by case only", async () => {
    writeFileSync(path("some.jsonl"), '{"size": 30, "large": "true", "city": "Ulm"}\n{"size": 110, "large": 1}\n');
    await predict("dear", "some.jsonl");
    const rows = await scored();
    expect(Object.keys(rows[0] ?? {})).toEqual([
      "size",
      "large",
      "city",
      "label",
      "probability_Low",
      "probability_high",
      "probability_low_",
    ]);
    expect(rows.map(({ label, large }) => ({ label, large }))).toEqual([
      { label: expect.stringMatching(/low/i), large: true },
      { label: "high", large: true },
    ]);
    for (const row of rows)
      expect(Number(row.probability_Low) + Number(row.probability_high) + Number(row.probability_low_)).toBeCloseTo(1);
  });

  it("keeps the rows it rejects aside, as they came, with number and reason", async () => {
    writeFileSync(
      path("odd.csv"),
      'id,size,rooms,city\n1,50,2,Ulm\n2,big,2,Ulm\n3,,2,\n4,50," 1e1 ",Ulm\n5,50,"2,5",Ulm\n',
    );
    const result = await predict("rent", "odd.csv");
    expect(result).toMatchObject({ rows: 5, scored: 3, rejected: 2 });
    expect(result.examples).toEqual([
      { row: 2, reason: "size is not a number: big" },
      { row: 5, reason: "rooms is not a number: 2,5" },
    ]);
    expect((await scored()).map(({ id }) => id)).toEqual([1, 3, 4]);
    expect(await scored("out/scored.rejected.parquet")).toMatchObject([
      { rejected_row: 2, rejected_reason: "size is not a number: big", id: 2, size: "big", city: "Ulm" },
      { rejected_row: 5, rooms: "2,5" },
    ]);
    await predict("rent", "data/flats.csv");
    expect(existsSync(path("out/scored.rejected.parquet"))).toBe(false);
  });

  it.each([
    { title: "whole numbers", keys: ["7", "-12"], stored: [7, -12] },
    { title: "numbers with leading zeros", keys: ["007", "12"], stored: ["007", "12"] },
    {
      title: "numbers too large for 64 bits",
      keys: ["7", "99999999999999999999"],
      stored: ["7", "99999999999999999999"],
    },
    { title: "times", keys: ["2001-01-01 10:00", ""], stored: [new Date("2001-01-01T10:00Z"), null] },
    { title: "nothing", keys: ["", ""], stored: [null, null] },
  ])("takes the keys of a CSV file as $title", async ({ keys, stored }) => {
    writeFileSync(path("keys.csv"), `id,size,rooms,city\n${keys.map((key) => `${key},50,2,Ulm\n`).join("")}`);
    await predict("rent", "keys.csv");
    expect((await scored()).map(({ id }) => id)).toEqual(stored);
  });

  it.each([
    ["csv", "id,size,rooms,city,prediction\n1,50.0,", "read_csv"],
    ["tsv", "id\tsize\trooms\tcity\tprediction\n1\t50.0\t", "read_csv"],
    ["json", '[\n\t{"id":1,"size":50.0,', "read_json"],
    ["jsonl", '{"id":1,"size":50.0,', "read_json"],
    ["csv.gz", null, "read_csv"],
    ["PARQUET", "PAR1", "read_parquet"],
  ])("is written as its ending says: .%s", async (ending, begin, reader) => {
    writeFileSync(path("some.csv"), 'id,size,rooms,city\n1,50,2,Ulm\n2,60,2,"a,""b"\n3,big,2,Ulm\n');
    const output = `out/some.${ending}`;
    const argv = ["predict", "rent", "--input", "some.csv", "--output", output];
    const { rejected_file } = await scratch.facts<PredictResult>(argv);
    if (begin !== null) expect(readFileSync(path(output), "utf8").slice(0, begin.length)).toBe(begin);
    const rows = await query(`FROM ${reader}('${path(output)}')`);
    expect(rows.map(({ id, city }) => [Number(id), city])).toEqual([
      [1, "Ulm"],
      [2, 'a,"b'],
    ]);
    expect(rejected_file).toBe(path(`out/some.rejected.${ending}`));
    expect(await query(`FROM ${reader}('${rejected_file}')`)).toMatchObject([{ size: "big" }]);
  });

  it("has null for what JSON cannot say", async () => {
    await query(
      `COPY (SELECT 1 AS id, CAST('nan' AS DOUBLE) AS size, 2 AS rooms, 'Ulm' AS city) TO '${path("nan.parquet")}'`,
    );
    await scratch.facts(["predict", "rent", "--input", "nan.parquet", "--output", "out/nan.jsonl"]);
    expect(JSON.parse(readFileSync(path("out/nan.jsonl"), "utf8"))).toMatchObject({ id: 1, size: null, rooms: 2 });
  });

  it("without rows gives a file without rows", async () => {
    writeFileSync(path("empty.csv"), "id,size,rooms,city\n");
    expect(await predict("rent", "empty.csv")).toMatchObject({ rows: 0, scored: 0 });
    expect(await scored()).toEqual([]);
  });

  it.each([
    {
      title: "a missing feature is named, with what the file has",
      csv: "id,size,room,city\n1,2,3,x\n",
      told: ["file.csv has no column rooms, which the model needs", "did you mean room?  it has: id, size, room, city"],
    },
    {
      title: "several missing features are one error",
      csv: "id,rooms,citi\n1,2,x\n",
      told: [
        "error  file.csv lacks 2 columns that the model needs: size, city\n    city: did you mean citi?\n    it has: id, rooms, citi",
      ],
    },
    {
      title: "a file that Git LFS has not fetched",
      csv: `version https://git-lfs.github.com/spec/v1\noid sha256:${"7".repeat(64)}\nsize 1\n`,
      told: ["file.csv is a Git LFS pointer", "git lfs pull"],
    },
    { title: "an empty file", csv: "", told: ["file.csv is empty", "a CSV file has a header"] },
    {
      title: "a file of which no row can be scored is an error",
      csv: "id,size,rooms,city\n1,a,b,x\n",
      told: ["no row of file.csv can be scored (1 row)", "row 1: size is not a number: a"],
    },
    { title: "a broken file", csv: null, told: ["file.parquet cannot be read: ", "give a Parquet file, a CSV file"] },
  ])("$title", async ({ csv, told }) => {
    const name = csv === null ? "file.parquet" : "file.csv";
    writeFileSync(path(name), csv ?? "no parquet");
    const { code, stderr } = await refused("rent", name);
    for (const text of told) expect(stderr).toContain(text);
    expect(code).toBe(2);
    expect(readdirSync(path("out")).filter((file) => /refused\.parquet|part$/.test(file))).toEqual([]);
  });

  it("refuses a column of a type that is no number", async () => {
    await query(
      `COPY (SELECT 1 AS id, DATE '2001-01-01' AS size, 2 AS rooms, 'x' AS city) TO '${path("day.parquet")}'`,
    );
    expect((await refused("rent", "day.parquet")).stderr).toContain(
      "day.parquet has size as DATE, but the model needs a number",
    );
  });
});

describe("places", () => {
  it.each([
    { title: "a folder as output", output: "out", told: "/out is a folder" },
    { title: "an output in a file", output: "data/flats.csv/a.parquet", told: "cannot be written: E" },
    { title: "the input as output", output: "data/flats.csv", told: "--output is data/flats.csv, the input itself" },
  ])("are refused: $title", async ({ output, told }) => {
    const { code, stderr } = await scratch.mergeml("predict", "rent", "--input", "data/flats.csv", "--output", output);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
    expect(stderr).toMatch(/name (a|another) file/);
  });

  it.each(["scored.xlsx", "scored", "scored.parquet.gz", "scored.sql", "out.d/scored"])(
    "an ending that says no format is refused: %s",
    async (output) => {
      writeFileSync(path("in.csv"), "id,size,rooms,city\n1,50,2,Ulm\n");
      const { code, stderr } = await scratch.mergeml("predict", "rent", "--input", "in.csv", "--output", output);
      expect([code, stderr]).toEqual([2, expect.stringContaining("has no ending that says how to write it")]);
      expect(stderr).toContain(".parquet, .csv, .tsv, .json, .jsonl, .ndjson");
    },
  );

  it.each([
    ["data/scored.csv", "is in a data folder (data)"],
    ["predictions/scored.parquet", "is in the prediction log (predictions)"],
    [".git/scored.csv", "is among the files of git"],
    [".mergeml/scored.csv", "is among the files of mergeml"],
    ["kept.csv", "is a file that git keeps"],
    ["linked/scored.csv", "is in a data folder (data)"],
    ["link.csv", "is in a data folder (data)"],
    ["fresh.csv", null],
  ])("what others live on is written with --force only: %s", async (output, told) => {
    writeFileSync(path("in.csv"), "id,size,rooms,city\n1,50,2,Ulm\n");
    writeFileSync(path("kept.csv"), "kept\n");
    scratch.git("add", "kept.csv");
    if (!existsSync(path("linked"))) symlinkSync("data", path("linked"));
    if (!existsSync(path("link.csv"))) {
      scratch.write("data/old.csv", "old\n");
      symlinkSync("data/old.csv", path("link.csv"));
    }
    const argv = ["predict", "rent", "--input", "in.csv", "--output", output];
    const { code, stderr } = await scratch.mergeml(...argv);
    if (told === null) return expect(code).toBe(0);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
    expect(stderr).toContain("or add --force");
    expect(readFileSync(path("kept.csv"), "utf8") + readFileSync(path("data/old.csv"), "utf8")).toBe("kept\nold\n");
    if (output !== "kept.csv") return;
    expect(await scratch.mergeml(...argv, "--force")).toMatchObject({ code: 0 });
    expect(readFileSync(path("kept.csv"), "utf8")).toMatch(/^id,size,rooms,city,prediction\n1,50/);
  });

  it("the input by another name is refused, with --force too", async () => {
    writeFileSync(path("in.csv"), "id,size,rooms,city\n1,50,2,Ulm\n");
    symlinkSync("in.csv", path("same.csv"));
    const argv = ["predict", "rent", "--input", "in.csv", "--output", "same.csv", "--force"];
    expect((await scratch.mergeml(...argv)).stderr).toContain("--output is in.csv, the input itself");
  });

  it("a folder as input is refused", async () => {
    const { code, stderr } = await refused("rent", "data");
    expect([code, stderr]).toEqual([2, expect.stringContaining("data is a folder")]);
  });
});

describe("a query", () => {
  it("takes $start and $end, and obeys the rules of feature queries", async () => {
    scratch.write("next.sql", "SELECT id, size, rooms, city FROM 'flats.csv' WHERE id < epoch($end) - epoch($start)");
    const result = await predict("rent", "next.sql", "--from", "2001-01-01", "--to", "2001-01-01T00:00:30Z");
    expect(result).toMatchObject({ rows: 30, scored: 30 });
    scratch.write("bad.sql", "SELECT * FROM read_text('/etc/hostname')");
    const { code, stderr } = await refused("rent", "bad.sql");
    expect(code).toBe(2);
    expect(stderr).toContain("bad.sql:1:");
  });

  it("that uses $start and $end needs --from and --to", async () => {
    scratch.write("next.sql", "SELECT id, size, rooms, city FROM 'flats.csv' WHERE id < epoch($end)");
    const { code, stderr } = await refused("rent", "next.sql");
    expect([code, stderr]).toEqual([2, expect.stringContaining("the query uses $end, but no time was given")]);
    expect(stderr).toContain("add --from 2001-04-01 --to 2001-05-01");
  });
});

describe("the prediction log", () => {
  it("gets the same rows in the layout that any serving writes", async () => {
    const { logged } = await predict("rent", "data/flats.csv", "--log", "--now", "2001-06-15T23:59:59Z");
    expect(logged).toMatch(/predictions\/rent\/2001-06-15\/batch-[0-9a-f]{8}-0\.parquet$/);
    const [first] = await query(`FROM '${logged}' ORDER BY CAST(key AS INTEGER)`);
    expect(first).toEqual({
      time: new Date("2001-06-15T23:59:59Z"),
      model: "rent",
      version: 1,
      arm: "batch",
      key: "0",
      size: 20,
      rooms: 1,
      city: "Bonn",
      prediction: expect.any(Number),
      latency_ms: expect.any(Number),
    });
  });
});

describe("the model", () => {
  it.each([
    { argv: ["rent@9"], told: "rent has no version 9\n    it has: 1" },
    { argv: ["rnet"], told: "the registry has no model rnet\n    did you mean rent? See: mergeml status" },
    { argv: ["zebra"], told: "the registry has no model zebra\n    it has: dear, rent. See: mergeml status" },
    { argv: ["rent@latest"], told: "rent@latest is not a model reference" },
    { argv: ["rent", "--now", "yesterday"], told: "--now yesterday is not a date" },
    { argv: ["rent", "--from", "2001-02-01", "--to", "2001-01-01"], told: "is not after --from" },
  ])("$argv: $told", async ({ argv: [model = "", ...more], told }) => {
    const { code, stderr } = await refused(model, "data/flats.csv", ...more);
    expect(stderr).toContain(told);
    expect(code).toBe(2);
  });

  it("is not used when the registry's bytes are not those that were registered", async () => {
    const registry = scratch.clone("registry", "registry");
    writeFileSync(join(scratch.folder, "registry/models/rent/versions/1/model.onnx"), "another model");
    registry("commit", "-qam", "Tamper");
    registry("push", "-q");
    const { stderr } = await refused("rent", "data/flats.csv");
    expect(stderr).toContain("is not the model that was registered");
    registry("reset", "-q", "--hard", "HEAD~1");
    registry("push", "-qf");
  });
});
