import { expect, test } from "vitest";
import { humaniseAge } from "../../../pipelines/report/terminal/humanise-age.ts";

test.each([
  ["2026-03-10T12:00:00Z", "just now"],
  ["2026-03-10T11:59:01Z", "just now"],
  ["2026-03-10T11:59:00Z", "1 minute ago"],
  ["2026-03-10T10:01:00Z", "1 hour ago"],
  ["2026-03-09T12:00:01Z", "23 hours ago"],
  ["2026-03-08T12:00:00Z", "2 days ago"],
  ["2026-02-17T12:00:00Z", "3 weeks ago"],
  ["2026-01-01T12:00:00Z", "2 months ago"],
  ["2024-03-01T12:00:00Z", "2 years ago"],
  ["2026-03-10T13:00:00Z", "just now"],
  ["yesterday", "yesterday"],
])("%s was %s", (from, age) => {
  expect(humaniseAge(from, new Date("2026-03-10T12:00:00Z"))).toBe(age);
});
