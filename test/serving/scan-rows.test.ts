import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openJsonBodies } from "../../pipelines/serving/http/prediction-routes.ts";
import { jsonRowList, readJsonRows, scanJsonRows } from "../../pipelines/serving/rows/scan-rows.ts";
import { RefusedRequest, type RowSignature } from "../../pipelines/serving/served-model.ts";

const signature: RowSignature = {
  features: [
    { name: "size", kind: "number" },
    { name: "city", kind: "category" },
    { name: "is new", kind: "boolean" },
  ],
  key: ["id", "month"],
};
const parsed = (text: string) => readJsonRows(jsonRowList(JSON.parse(text)), signature);
const room = { bytes: Buffer.alloc(0) };
const scanned = (text: string) => scanJsonRows(Buffer.from(text), signature, room);

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 0.1, 1e21, 123456789012345680, 5e-324, 3.4028234663852886e38, 1e39),
);
const text = fc.oneof(
  fc.constantFrom("Bonn", "Ulm", "", "Köln", "東京", 'a "b"', "\n", "null"),
  fc.string({ unit: "grapheme" }),
);
const row = fc.record({
  size: fc.oneof({ weight: 40, arbitrary: number }, fc.boolean(), fc.constant(null), text),
  city: fc.oneof({ weight: 40, arbitrary: text }, fc.constant(null), fc.integer()),
  "is new": fc.constantFrom(true, false, null, 0, 1),
  id: fc.oneof(text, number, fc.boolean(), fc.constant(null)),
  month: fc.oneof(text, fc.integer()),
  other: fc.oneof(text, number),
});
/** The same names in one order, as programs write them, or a few that lack some. */
const body = fc
  .record({
    rows: fc.array(row, { minLength: 1, maxLength: 8 }),
    names: fc.subarray(["other", "month", "is new", "size", "id", "city"], { minLength: 3 }),
    space: fc.constantFrom("", "  ", "\t"),
    isWrapped: fc.boolean(),
  })
  .map(({ rows, names, space, isWrapped }) => {
    const list = rows.map((each) => Object.fromEntries(names.map((name) => [name, each[name as keyof typeof each]])));
    return JSON.stringify(isWrapped ? { rows: list } : list, null, space);
  });

describe("rows that are scanned", () => {
  it("are what JSON.parse would give, or are left to it", () => {
    let took = 0;
    fc.assert(
      fc.property(body, (json) => {
        const batch = scanned(json);
        if (batch === null) return;
        took += 1;
        expect(batch).toEqual(parsed(json));
      }),
      { numRuns: 2000 },
    );
    expect(took).toBeGreaterThan(50);
  });

  it("are those that programs write: thousands of rows with as many texts, spaced as Python does, with escapes elsewhere", () => {
    const rows = Array.from({ length: 5000 }, (_, at) => ({
      ...{
        id: `k${at}`,
        month: at % 12,
        other: "x",
        size: at % 7 === 0 ? null : at / 8 - 100,
        city: `city ${at % 3000}`,
      },
      "is new": at % 2 === 0,
    }));
    const json = JSON.stringify({ rows });
    const spaced = json.replaceAll('":', '": ').replaceAll(',"', ', "').replaceAll("},{", "}, {");
    for (const each of [json, spaced]) expect(scanned(each)).toEqual(parsed(each));
    expect(scanned('[{"size":1,"city":"a","is new":true}]')?.keys).toBe(null);
  });

  it.each([
    ["a number with a zero before it", '[{"size":01,"city":"a","is new":true}]'],
    ["a point without digits", '[{"size":1.,"city":"a","is new":true}]'],
    ["an exponent without digits", '[{"size":1e,"city":"a","is new":true}]'],
    ["a plus sign", '[{"size":+1,"city":"a","is new":true}]'],
    ["a minus sign alone", '[{"size":-,"city":"a","is new":true}]'],
    ["NaN", '[{"size":NaN,"city":"a","is new":true}]'],
    ["a word that goes on", '[{"size":nulls,"city":"a","is new":true}]'],
    ["a text that does not end", '[{"size":1,"city":"a'],
    ["a line end in a text", '[{"size":1,"city":"a\nb","is new":true}]'],
    ["a zero byte", '[{"size":1,"city":"a","is new":true}\0]'],
    ["a comma at the end", '[{"size":1,"city":"a","is new":true},]'],
    ["a comma in a row", '[{"size":1,"city":"a","is new":true,}]'],
    ["no end", '[{"size":1,"city":"a","is new":true}'],
    ["something behind the end", '[{"size":1,"city":"a","is new":true}] x'],
    ["no comma between rows", '[{"size":1,"city":"a","is new":true}{"size":1,"city":"a","is new":true}]'],
    ["a text as a number", '[{"size":"1","city":"a","is new":true}]'],
    ["a missing column", '[{"city":"a","is new":true}]'],
    ["a missing column later", '[{"size":1,"city":"a","is new":true},{"city":"a","is new":true}]'],
    ["a name twice", '[{"size":1,"size":2,"city":"a","is new":true}]'],
    ["a name with an escape", '[{"siz\\u0065":1,"city":"a","is new":true}]'],
    ["a part of a key", '[{"size":1,"city":"a","is new":true,"id":1}]'],
    ["a list as a value", '[{"size":1,"city":"a","is new":true,"other":[]}]'],
    ["no rows", "[]"],
    ["nothing", ""],
  ])("are left to JSON.parse with %s", (_, json) => {
    expect(scanned(json)).toBe(null);
  });
});

it("reads nothing of the body before, wherever a body breaks off", () => {
  const row = { size: -1.25e3, city: "Köln", "is new": null, id: "a", month: 12 };
  const whole = JSON.stringify({ rows: [row, { ...row, size: 12, "is new": true }] });
  expect(scanned(whole)?.rows).toBe(2);
  for (let end = 0; end < whole.length; end++) {
    expect(scanned(whole.slice(0, end))).toBe(null);
    scanned(whole);
  }
});

it("what is wrong far down in a large body is told with its row and column", () => {
  const rows = Array.from({ length: 500 }, (_, at) => ({ size: at, city: "Ulm", "is new": true, id: "a", month: 1 }));
  const wrong = JSON.stringify(rows).replace('"size":437,', '"size":"437",');
  const refused = (json: string) => {
    try {
      return openJsonBodies()(Buffer.from(json), signature);
    } catch (error) {
      return error instanceof RefusedRequest ? { status: error.status, message: error.message } : error;
    }
  };
  expect(refused(wrong)).toEqual({
    status: 422,
    message: 'row 438: size is the text "437", a number was expected',
  });
  expect(refused(JSON.stringify(rows).slice(0, -1))).toMatchObject({ status: 400 });
});
