import fc from "fast-check";
import { expect, test } from "vitest";
import { parseUtc } from "../../../pipelines/config/utc-time.ts";
import { moveWindow } from "../../../pipelines/watch/retrain/retrain-window.ts";

const utc = (text: string) => new Date(parseUtc(text)!);

test.each<[string, "expanding" | "sliding", [string, string], string, [string, string]]>([
  ["expanding keeps the start", "expanding", ["2001-01-01", "2001-04-01"], "2001-05-01", ["2001-01-01", "2001-05-01"]],
  ["sliding keeps whole months", "sliding", ["2001-01-01", "2001-04-01"], "2001-05-01", ["2001-02-01", "2001-05-01"]],
  [
    "sliding by a week keeps the days",
    "sliding",
    ["2001-01-01", "2001-04-01"],
    "2001-04-08",
    ["2001-01-08", "2001-04-08"],
  ],
  ["sliding keeps a week", "sliding", ["2001-01-01", "2001-01-08"], "2001-03-05", ["2001-02-26", "2001-03-05"]],
  ["over a leap day, days", "sliding", ["2004-02-01", "2004-02-29"], "2004-03-07", ["2004-02-08", "2004-03-07"]],
  ["over a leap day, months", "sliding", ["2004-01-01", "2004-03-01"], "2004-04-01", ["2004-02-01", "2004-04-01"]],
  [
    "over a year that is no leap year",
    "sliding",
    ["1900-01-01", "1900-03-01"],
    "1900-04-01",
    ["1900-02-01", "1900-04-01"],
  ],
  ["a year, from a leap day on", "sliding", ["2003-02-28", "2004-02-28"], "2004-02-29", ["2003-03-01", "2004-02-29"]],
  ["over the turn of the year", "sliding", ["2000-10-15", "2000-12-15"], "2001-01-15", ["2000-11-15", "2001-01-15"]],
  ["the end of a longer month", "sliding", ["2001-03-31", "2001-05-31"], "2001-08-31", ["2001-06-30", "2001-08-31"]],
  [
    "a date that needs a time",
    "expanding",
    ["2001-01-01", "2001-04-01"],
    "2001-04-08T06:30Z",
    ["2001-01-01", "2001-04-08T06:30:00Z"],
  ],
  [
    "both dates need a time",
    "sliding",
    ["2001-01-01", "2001-01-08"],
    "2001-01-09T12:00Z",
    ["2001-01-02T12:00:00Z", "2001-01-09T12:00:00Z"],
  ],
  [
    "timestamps stay in their notation",
    "sliding",
    ["2001-01-01T06:00Z", "2001-01-02 06:00:00"],
    "2001-01-03",
    ["2001-01-02T00:00Z", "2001-01-03 00:00:00"],
  ],
  [
    "microseconds are kept",
    "sliding",
    ["2001-01-01T00:00:00.000250Z", "2001-01-02"],
    "2001-01-03",
    ["2001-01-02T00:00:00.00025Z", "2001-01-03"],
  ],
])("%s", (_, mode, [start, end], to, [movedStart, movedEnd]) => {
  expect(moveWindow({ start, end }, mode, utc(to))).toEqual({ start: movedStart, end: movedEnd });
});

test.each(["2001-04-01", "2001-03-31", "2001-03-31T23:59:59.999Z"])(
  "%s is not after the end: nothing to move",
  (to) => {
    expect(moveWindow({ start: "2001-01-01", end: "2001-04-01" }, "sliding", utc(to))).toBeNull();
  },
);

test("the time zone of the machine makes no difference", () => {
  const before = process.env.TZ;
  try {
    for (const zone of ["America/New_York", "Pacific/Auckland", "UTC"]) {
      process.env.TZ = zone;
      const moved = moveWindow({ start: "2001-01-01", end: "2001-04-01" }, "sliding", utc("2001-05-01"));
      expect(moved).toEqual({ start: "2001-02-01", end: "2001-05-01" });
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test("the moved window is sound, ends where it should, and is as long to within the months' lengths", () => {
  const moment = fc.date({ min: utc("1970-01-02"), max: utc("2090-01-01"), noInvalidDate: true });
  const minutes = (date: Date) => new Date(Math.floor(date.getTime() / 60_000) * 60_000);
  const days = fc.integer({ min: 1, max: 800 });
  fc.assert(
    fc.property(moment, days, days, fc.boolean(), (from, length, later, dates) => {
      const day = 86_400_000;
      const start = dates ? new Date(Math.floor(from.getTime() / day) * day) : minutes(from);
      const write = (ms: number) => (dates ? new Date(ms).toISOString().slice(0, 10) : new Date(ms).toISOString());
      const end = start.getTime() + length * day;
      const to = end + later * day;
      const window = { start: write(start.getTime()), end: write(end) };
      const moved = moveWindow(window, "sliding", new Date(to))!;
      expect(parseUtc(moved.end)).toBe(to);
      const movedLength = (to - parseUtc(moved.start)!) / day;
      expect(Math.abs(movedLength - length)).toBeLessThanOrEqual(3);
      expect(parseUtc(moved.start)).toBeGreaterThan(start.getTime() - 3 * day);
      expect(moveWindow(window, "expanding", new Date(to))).toEqual({ start: window.start, end: moved.end });
    }),
  );
});
