import fc from "fast-check";
import { expect, test } from "vitest";
import { durationOf, earlierInterval, intervalBefore } from "../../../pipelines/watch/window/interval.ts";

const text = ({ from, to }: { from: Date; to: Date }) => `${from.toISOString()} ${to.toISOString()}`;

test.each([
  { now: "2001-03-03T17:20:00Z", window: "7d", from: "2001-02-24T00:00:00Z", to: "2001-03-03T00:00:00Z" },
  { now: "2004-03-01T00:00:00Z", window: "1d", from: "2004-02-29T00:00:00Z", to: "2004-03-01T00:00:00Z" },
  { now: "2001-01-01T00:59:59Z", window: "3h", from: "2000-12-31T21:00:00Z", to: "2001-01-01T00:00:00Z" },
  { now: "2001-06-15", window: "4w", from: "2001-05-18T00:00:00Z", to: "2001-06-15T00:00:00Z" },
  { now: "2001-03-25T23:30:00-05:00", window: "1d", from: "2001-03-25T00:00:00Z", to: "2001-03-26T00:00:00Z" },
  { now: "1969-12-31T12:00:00Z", window: "1d", from: "1969-12-30T00:00:00Z", to: "1969-12-31T00:00:00Z" },
])("the $window before $now", ({ now, window, from, to }) => {
  expect(text(intervalBefore(new Date(now), window))).toBe(text({ from: new Date(from), to: new Date(to) }));
});

test("windows are whole, end at or before now, and touch the earlier ones", () => {
  const moments = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 60 }), fc.constantFrom("h", "d", "w"), (now, count, unit) => {
      const window = `${count}${unit}`;
      const interval = intervalBefore(now, window);
      expect(interval.to.getTime()).toBeLessThanOrEqual(now.getTime());
      expect(interval.to.getTime() - interval.from.getTime()).toBe(durationOf(window));
      expect(earlierInterval(interval, 1).to).toEqual(interval.from);
      expect(text(earlierInterval(earlierInterval(interval, 1), 2))).toBe(text(earlierInterval(interval, 3)));
    }),
  );
});

test("a text that is no duration", () => {
  expect(() => durationOf("7")).toThrow('"7" is not like 7d');
});
