import fc from "fast-check";
import { expect, test } from "vitest";
import { retrainDue } from "../../../pipelines/watch/retrain/decide-retrain.ts";

test.each<["weekly" | "monthly" | "never", string, string, string | null]>([
  ["never", "2001-04-01", "2031-04-01", null],
  ["weekly", "2001-04-01", "2001-04-07T23:59:59Z", null],
  ["weekly", "2001-04-01", "2001-04-08", "2001-04-08"],
  ["weekly", "2001-04-01", "2001-04-20", "2001-04-15"],
  ["weekly", "2004-02-23", "2004-03-01", "2004-03-01"],
  ["weekly", "2003-02-22", "2003-03-01", "2003-03-01"],
  ["weekly", "2001-04-01", "2001-03-01", null],
  ["monthly", "2001-04-01", "2001-04-30T23:59:59Z", null],
  ["monthly", "2001-04-01", "2001-05-01", "2001-05-01"],
  ["monthly", "2001-04-01", "2001-07-31", "2001-07-01"],
  ["monthly", "2000-12-01", "2001-01-01", "2001-01-01"],
  ["monthly", "2001-01-31", "2001-02-27", null],
  ["monthly", "2001-01-31", "2001-02-28", "2001-02-28"],
  ["monthly", "2004-01-31", "2004-02-28", null],
  ["monthly", "2004-01-31", "2004-02-29", "2004-02-29"],
  ["monthly", "2001-01-31", "2001-03-30", "2001-02-28"],
  ["monthly", "2001-01-31", "2001-03-31", "2001-03-31"],
  ["monthly", "2004-02-29", "2005-02-28", "2005-02-28"],
  ["monthly", "2001-04-01T06:00:00Z", "2001-05-01T05:59:59Z", null],
  ["monthly", "2001-04-01T06:00:00Z", "2001-05-01T06:00:00Z", "2001-05-01T06:00:00Z"],
  ["monthly", "2001-04-01T00:00:00+02:00", "2001-05-01T00:00:00+02:00", "2001-04-30T22:00:00Z"],
  ["monthly", "2001-04-01", "2001-04-01", null],
])("%s, window until %s, now %s: %s", (schedule, end, now, due) => {
  expect(retrainDue(schedule, new Date(end), new Date(now))).toEqual(due === null ? null : new Date(due));
});

test("what is due is over, after the window, and less than one step before now", () => {
  const moment = fc.date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
  const day = 86_400_000;
  fc.assert(
    fc.property(moment, moment, fc.constantFrom("weekly" as const, "monthly" as const), (end, now, schedule) => {
      const due = retrainDue(schedule, end, now)?.getTime() ?? null;
      const step = schedule === "weekly" ? 7 * day : 31 * day;
      if (due === null) expect(now.getTime()).toBeLessThan(end.getTime() + step);
      else {
        expect(due).toBeGreaterThan(end.getTime());
        expect(due).toBeLessThanOrEqual(now.getTime());
        expect(now.getTime() - due).toBeLessThan(step);
      }
    }),
  );
});
