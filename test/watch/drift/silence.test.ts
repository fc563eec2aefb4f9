import { describe, expect, it } from "vitest";
import { silenceOf } from "../../../pipelines/watch/drift/silence.ts";

/** Days, the newest first, by their rows. */
const days = (...rows: number[]) =>
  rows.map((each, at) => ({
    from: new Date(Date.UTC(2001, 5, 20 - at)).toISOString(),
    to: new Date(Date.UTC(2001, 5, 21 - at)).toISOString(),
    rows: each,
  }));

describe("a feed that stopped", () => {
  it.each([
    ["rows come", days(5, 6, 7), null],
    ["there never were any", days(0, 0, 0), null],
    ["there is one window only", days(0), null],
    ["they stopped", days(0, 6, 7), { since: "2001-06-20T00:00:00.000Z", rows: 6 }],
    ["they stopped long ago", days(0, 0, 0, 7), { since: "2001-06-18T00:00:00.000Z", rows: 7 }],
    ["it is closed on Sundays", days(0, 6, 6, 6, 6, 6, 6, 0, 6), null],
    ["Monday is missing too", days(0, 0, 6, 6, 6, 6, 6, 6, 0, 6), { since: "2001-06-19T00:00:00.000Z", rows: 6 }],
    ["nothing came before it began", days(0, 6, 0, 0), { since: "2001-06-20T00:00:00.000Z", rows: 6 }],
  ])("%s", (_title, windows, expected) => {
    expect(silenceOf(windows)).toEqual(expected);
  });
});
