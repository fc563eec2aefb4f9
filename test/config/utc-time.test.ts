import fc from "fast-check";
import { expect, test } from "vitest";
import { isUtcDate, parseUtc } from "../../pipelines/config/utc-time.ts";

test.each([
  ["2001-01-01", "2001-01-01T00:00:00.000Z"],
  ["2000-02-29", "2000-02-29T00:00:00.000Z"],
  ["2001-01-01T06:30", "2001-01-01T06:30:00.000Z"],
  ["2001-01-01 06:30:15Z", "2001-01-01T06:30:15.000Z"],
  ["2001-01-01T06:30:15.25", "2001-01-01T06:30:15.250Z"],
  ["0001-01-01", "0001-01-01T00:00:00.000Z"],
])("%s is a time", (text, iso) => {
  expect(new Date(parseUtc(text)!).toISOString()).toBe(iso);
});

test.each([
  "",
  "2001-02-29",
  "1900-02-29",
  "2001-13-01",
  "2001-00-10",
  "2001-01-32",
  "2001-01-00",
  "2001-1-1",
  "20010101",
  "2001-01-01T24:00",
  "2001-01-01T06:60",
  "2001-01-01T06",
  "2001-01-01T06:30+02:00",
  "2001-01-01Z",
  " 2001-01-01",
  "2001-01-01\n",
  "yesterday",
])("%j is no time", (text) => {
  expect(parseUtc(text)).toBeNull();
});

test("a day is a date without a time", () => {
  expect(["2026-12-31", "2026-12-31T00:00", "2026-02-30"].map(isUtcDate)).toEqual([true, false, false]);
});

test("agrees with JavaScript's own parser", () => {
  const date = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(date, (moment) => {
      expect(parseUtc(moment.toISOString())).toBe(moment.getTime());
    }),
  );
});
