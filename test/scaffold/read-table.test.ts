import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readTable } from "../../pipelines/scaffold/table/read-table.ts";
import { query } from "../predictions/parquet.ts";

const folder = mkdtempSync(join(tmpdir(), "mergeml-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** How a file of that content is read: the options, the columns with their types, what is missing, and the notes. */
async function read(content: string | Buffer, name = "x.csv") {
  const path = join(folder, name);
  writeFileSync(path, content);
  const table = await readTable(path, name);
  const columns = table.columns.map(
    (each) => `${each.name} ${each.type}${each.missing > 0 ? ` (${each.missing} missing)` : ""}`,
  );
  const sql = table.columns.flatMap((each) => each.sql ?? []);
  return { from: table.from(name), columns, sql, notes: table.notes, rows: table.rows };
}

describe("a CSV file", () => {
  it.each([
    {
      title: "that is plain needs no options",
      csv: "a,b\n1,x\n2.5,y\n",
      from: "'x.csv'",
      columns: ["a DOUBLE", "b VARCHAR"],
    },
    ...["NA", "N/A", "n/a", "-", "?", "null", "NULL", "nan", "None", ".", "<NA>"].map((word) => ({
      title: `has ${word} for what is missing`,
      csv: `a,b\n1,x\n${word},y\n2.5,x\n`,
      from: `read_csv('x.csv', header = true, nullstr = ['', '${word}'])`,
      columns: ["a DOUBLE (1 missing)", "b VARCHAR"],
    })),
    {
      title: "has words that begin like a comment",
      csv: "a,b\n1,x\n#DIV/0!,y\n2.5,x\n",
      from: "read_csv('x.csv', comment = '', header = true, nullstr = ['', '#DIV/0!'])",
      columns: ["a DOUBLE (1 missing)", "b VARCHAR"],
    },
    {
      title: "begins with comments",
      csv: "# made, by\n# me\na,b\n1,x\n2,y\n",
      from: "'x.csv'",
      columns: ["a BIGINT", "b VARCHAR"],
    },
    {
      title: "has a missing word with a space, as adult.data does",
      csv: "a, b\n1, x\n ?, y\n2, ?\n",
      from: "read_csv('x.csv', header = true, nullstr = ['', ' ?'])",
      columns: ["a BIGINT (1 missing)", "b VARCHAR (1 missing)"],
    },
    {
      title: "has NA in every column, so that the engine sees no header",
      csv: "a,b\nNA,1\n2,NA\n",
      from: "read_csv('x.csv', header = true, nullstr = ['', 'NA'])",
      columns: ["a BIGINT (1 missing)", "b BIGINT (1 missing)"],
    },
    {
      title: "has numbers with gaps in whole columns of NA",
      csv: "a,b\nNA,NA\nNA,3\nNA,NA\n",
      from: "read_csv('x.csv', header = true, nullstr = ['', 'NA'])",
      columns: ["a VARCHAR (3 missing)", "b BIGINT (2 missing)"],
    },
    {
      title: "of words keeps its header",
      csv: "name,city\nBob,Ulm\nEva,Bonn\n",
      from: "'x.csv'",
      columns: ["name VARCHAR", "city VARCHAR"],
    },
    {
      title: "without a header says so",
      csv: "1,Ulm\n2,Ulm\n3,Bonn\n",
      from: "'x.csv'",
      columns: ["column0 BIGINT", "column1 VARCHAR"],
      notes: ["it has no header: its columns are called column0, column1 …"],
    },
    {
      title: "has decimal commas",
      csv: "a;b\n1,5;x\n2;y\n",
      from: "read_csv('x.csv', delim = ';', header = true, decimal_separator = ',')",
      columns: ["a DOUBLE", "b VARCHAR"],
      notes: ['columns are separated by ";"', "numbers have a decimal comma"],
    },
    {
      title: "has decimal commas and points between thousands",
      csv: "a;b\n1.234,5;1.200\n2,25;3.400\n",
      from: "read_csv('x.csv', delim = ';', header = true, decimal_separator = ',', thousands = '.')",
      columns: ["a DOUBLE", "b BIGINT"],
    },
    {
      title: "has commas between thousands",
      csv: 'a,b\n"1,234",x\n"12,345,678",y\n7,x\n',
      from: "read_csv('x.csv', header = true, thousands = ',')",
      columns: ["a BIGINT", "b VARCHAR"],
    },
    {
      title: "has spaces between thousands",
      csv: "a;b\n1 234,5;x\n99;y\n",
      from: "read_csv('x.csv', delim = ';', header = true, decimal_separator = ',')",
      columns: ["a DOUBLE", "b VARCHAR"],
    },
    {
      title: "has a byte order mark",
      csv: "\uFEFFa,b\n1,x\n2,y\n",
      from: "'x.csv'",
      columns: ["a BIGINT", "b VARCHAR"],
    },
    {
      title: "is Latin-1",
      csv: Buffer.from("größe,b\n1,ä\n2,b\n", "latin1"),
      from: "read_csv('x.csv', encoding = 'latin-1', header = true)",
      columns: ["größe BIGINT", "b VARCHAR"],
    },
    {
      title: "is UTF-16",
      csv: Buffer.from("\uFEFFa,b\n1,ä\n2,b\n", "utf16le"),
      from: "read_csv('x.csv', encoding = 'utf-16', header = true)",
      columns: ["a BIGINT", "b VARCHAR"],
    },
    {
      title: "keeps yes and no as the words they are",
      csv: "a,b\nyes,t\nno,f\n",
      from: "read_csv('x.csv', header = true, types = {'a': 'VARCHAR', 'b': 'VARCHAR'})",
      columns: ["a VARCHAR", "b VARCHAR"],
    },
    { title: "has booleans", csv: "a,b\ntrue,1\nfalse,2\n", from: "'x.csv'", columns: ["a BOOLEAN", "b BIGINT"] },
    {
      title: "has codes with leading zeros",
      csv: "zip,b\n01234,1\n12345,2\n",
      from: "'x.csv'",
      columns: ["zip VARCHAR", "b BIGINT"],
    },
    {
      title: "has dates of another form",
      csv: "d,b\n13.02.2020,1\n02.03.2020,2\n",
      from: "read_csv('x.csv', header = true, dateformat = '%d.%m.%Y')",
      columns: ["d DATE", "b BIGINT"],
    },
    {
      title: "has a dash that is a class beside a dash that is missing",
      csv: "a,class\n1.5,+\n-,-\n2,-\n3,+\n",
      from: "'x.csv'",
      columns: ["a DOUBLE (1 missing)", "class VARCHAR"],
      sql: ["CAST(nullif(trim(nullif(\"a\", '-')), '') AS DOUBLE)"],
    },
    {
      title: "keeps None as a category",
      csv: "a,b\nNone,1\nBeer,2\n",
      from: "'x.csv'",
      columns: ["a VARCHAR", "b BIGINT"],
    },
  ])("$title", async ({ csv, title: _, ...expected }) => {
    expect(await read(csv)).toMatchObject(expected);
  });

  it("has a word only after the rows that the engine looks at", async () => {
    const rows = Array.from({ length: 30_000 }, (_, at) => `${at},${at === 29_000 ? "NA" : at / 2}`);
    const { from, columns } = await read(["a,b", ...rows, ""].join("\n"));
    expect(from).toBe("read_csv('x.csv', header = true, nullstr = ['', 'NA'])");
    expect(columns).toEqual(["a BIGINT", "b DOUBLE (1 missing)"]);
  });

  it("has its first fraction and its first word after them", async () => {
    const rows = Array.from(
      { length: 30_000 },
      (_, at) => `${at === 29_000 ? "2.5" : at},${at === 29_001 ? "many" : 1}`,
    );
    const { from, columns } = await read(["a,b", ...rows, ""].join("\n"));
    expect(from).toBe("read_csv('x.csv', header = true, types = {'a': 'DOUBLE', 'b': 'VARCHAR'})");
    expect(columns).toEqual(["a DOUBLE", "b VARCHAR"]);
  });

  it("tells the words that were read as missing, and where", async () => {
    const { notes } = await read("a,b,c\nNA,1,x\n2,NA,NA\n3,?,y\n");
    expect(notes).toEqual([
      '"NA" is read as missing (3 values in 3 columns)',
      '"?" is read as missing (1 value in 1 column)',
    ]);
  });

  it.each([
    ["a missing file", undefined],
    ["no table", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 0xff, 0xfe, 10, 34, 0, 10, 13, 34, 44])],
  ])("%s is refused by name", async (_title, content) => {
    const path = join(folder, "broken.parquet");
    if (content) writeFileSync(path, content);
    await expect(readTable(path, "data/broken.parquet")).rejects.toThrow("data/broken.parquet cannot be read: ");
  });
});

it("tables that are shipped are read as they are", async () => {
  const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));
  const diamonds = await readTable(`${packages}/@observablehq/sample-datasets/diamonds.csv`, "diamonds.csv");
  expect(diamonds).toMatchObject({ rows: 53_940, notes: [] });
  expect(diamonds.from("diamonds.csv")).toBe("'diamonds.csv'");
  expect(diamonds.columns[1]).toMatchObject({ name: "cut", type: "VARCHAR", distinct: 5, missing: 0 });
});

describe("a file that brings its types", () => {
  it("as JSON lines may write its numbers as text", async () => {
    const lines = [
      { a: "1.5", b: "x" },
      { a: "NA", b: "NA" },
      { a: "2", b: null },
    ].map((each) => JSON.stringify(each));
    const { from, columns, sql } = await read(lines.join("\n"), "x.jsonl");
    expect([from, columns]).toEqual(["'x.jsonl'", ["a DOUBLE (1 missing)", "b VARCHAR (2 missing)"]]);
    expect(sql).toEqual(["CAST(nullif(trim(nullif(\"a\", 'NA')), '') AS DOUBLE)", "nullif(\"b\", 'NA')"]);
  });

  it("as Parquet too, and NaN is a missing value of it", async () => {
    await query(
      `COPY (SELECT unnest(['1','?','3']) AS a, unnest(CAST(['1.5', 'nan', NULL] AS DOUBLE[])) AS b) TO '${join(folder, "x.parquet")}'`,
    );
    const table = await readTable(join(folder, "x.parquet"), "x.parquet");
    expect(table.columns.map(({ name, type, missing }) => [name, type, missing])).toEqual([
      ["a", "BIGINT", 1],
      ["b", "DOUBLE", 2],
    ]);
  });
});
