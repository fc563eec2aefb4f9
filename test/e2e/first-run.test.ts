import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeScratch } from "../scratch.ts";

/** The same numbers in every run, without an order that a hash could see. */
const noise = (at: number, of: number) => ((at * 7919 + 13) % of) / of;

/** Three kinds that length and depth tell apart, with gaps in the manner of R, and the number of the row. */
function birds(): string {
  const lines = Array.from({ length: 180 }, (_, at) => {
    const kind = Math.floor(at / 60);
    const length = at % 9 === 0 ? "NA" : (38 + 6 * kind + 4 * noise(at, 61)).toFixed(1);
    const depth = at % 11 === 0 ? "NA" : (14 + 3 * ((kind + 1) % 3) + noise(at, 47)).toFixed(1);
    const sex = at % 7 === 0 ? "NA" : ["male", "female"][at % 2];
    return `"${at + 1}",${["Adelie", "Chinstrap", "Gentoo"][kind]},${length},${depth},${sex}`;
  });
  return ['"","species","length","depth","sex"', ...lines, ""].join("\n");
}

/** Wine in a table of a German spreadsheet: semicolons, decimal commas, a byte order mark, names with signs. */
function wine(): string {
  const comma = (value: number) => value.toFixed(2).replace(".", ",");
  const lines = Array.from({ length: 180 }, (_, at) => {
    const kind = (at * 37) % 3;
    return `${comma(11 + kind + noise(at, 71))};${comma(2.5 - kind / 2 + noise(at, 53))};${["Barolo", "Grignolino", "Barbera"][kind]}`;
  });
  return `\uFEFF${["Alkohol (%);Säure, g/l;Qualité", ...lines, ""].join("\r\n")}`;
}

/** Cars as JSON lines, some without what is to be predicted, each with its own name. */
function cars(): string {
  const lines = Array.from({ length: 200 }, (_, at) => {
    const weight = 1600 + 20 * ((at * 97) % 150);
    const mpg = at % 25 === 0 ? null : 45 - weight / 130 + 2 * noise(at, 31);
    return JSON.stringify({ Name: `car ${at}`, Weight: weight, Origin: ["USA", "Japan"][at % 2], Mpg: mpg });
  });
  return lines.join("\n");
}

/** Fifty stopping distances, in feet. */
function stops(): string {
  const lines = Array.from(
    { length: 50 },
    (_, at) => `${4 + ((at * 7) % 22)},${Math.round(4 * ((at * 7) % 22) + 12 * noise(at, 17))}`,
  );
  return ["speed,dist", ...lines, ""].join("\n");
}

/** Two years of weather, a row a day, and dates in a form of their own. */
function weather(): string {
  const lines = Array.from({ length: 730 }, (_, at) => {
    const day = new Date(Date.UTC(2012, 0, 1 + at)).toISOString().slice(0, 10).replaceAll("-", "/");
    const low = 8 - 8 * Math.cos((2 * Math.PI * at) / 365) + 3 * noise(at, 29);
    return `${day},${low.toFixed(1)},${(5 * noise(at, 23)).toFixed(1)},${(low + 8 + noise(at, 19)).toFixed(1)}`;
  });
  return ["date,low,rain,high", ...lines, ""].join("\n");
}

interface Shown {
  candidate: { test: { rows: number } };
  evaluation: { metrics: { metric: string; naive: number; candidate: number }[] };
}

describe("the first run after init", () => {
  it.each([
    {
      file: "birds.csv",
      text: birds(),
      target: "species",
      told: ['"NA" is read as missing', "left out  column0 (a column without a name that numbers the rows)"],
      query: "FROM read_csv('birds.csv', header = true, nullstr = ['', 'NA'])",
      share: 0.3,
    },
    {
      file: "wine.csv",
      text: wine(),
      target: "Qualité",
      told: ["numbers have a decimal comma", "Qualité (3 classes)"],
      query: "FROM read_csv('wine.csv', delim = ';', header = true, decimal_separator = ',')",
      share: 0.3,
    },
    {
      file: "cars.jsonl",
      text: cars(),
      target: "Mpg",
      told: [
        "8 rows without it are left out by the query's WHERE",
        "left out  Name (nearly every row has its own text)",
      ],
      query: "FROM 'cars.jsonl'\nWHERE isfinite(\"Mpg\") -- 8 without a target",
      share: 0.3,
    },
    { file: "stops.csv", text: stops(), target: "dist", told: ["rmse ≤ "], query: "FROM 'stops.csv'", share: 0.7 },
    {
      file: "weather.csv",
      text: weather(),
      target: "high",
      told: ["time      date: it orders the rows", "split     by date, the latest 20% test"],
      query: "dateformat = '%Y/%m/%d'",
      share: 0.3,
    },
  ])("on $file deploys a model that is much better than naive", async ({ file, text, target, told, query, share }) => {
    using scratch = makeScratch({ model: false, remote: false });
    scratch.write(`data/${file}`, text);
    const init = await scratch.mergeml("init", "first", "--data", `data/${file}`, "--target", target);
    expect(init).toMatchObject({ code: 0 });
    for (const each of told) expect(init.stdout).toContain(each);
    expect(readFileSync(join(scratch.root, "models/first/features.sql"), "utf8")).toContain(query);
    scratch.git("add", ".");
    scratch.git("commit", "-qm", "Add a first model");
    const { code, stdout, stderr } = await scratch.mergeml("run", "first");
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("first v1 is in production")]);
    const { evaluation } = await scratch.facts<Shown>(["show", "first"]);
    const [primary] = evaluation.metrics;
    expect((primary?.candidate ?? Number.NaN) / (primary?.naive ?? 0)).toBeLessThan(share);
  });
});
