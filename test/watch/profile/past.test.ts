import { describe, expect, it } from "vitest";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { describeDistributions } from "../../../pipelines/watch/profile/describe-distributions.ts";
import type { Distribution } from "../../../pipelines/watch/profile/distribution.ts";
import { columnPasts } from "../../../pipelines/watch/profile/past/column-pasts.ts";
import type { ColumnPast } from "../../../pipelines/watch/profile/past/past.ts";
import { inSeason } from "../../../pipelines/watch/profile/past/season.ts";
import { parquetFolder } from "../drift/parquet.ts";

const week = 7 * 24 * 3_600_000;
const normal = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())";

interface Rows {
  query: string;
  columns: Readonly<Record<string, Distribution["kind"]>>;
  group?: string;
}

/** The pasts of columns of rows with a time `at`. */
async function pastsOf({
  query,
  columns,
  group,
}: Rows): Promise<{ pasts: Map<string, ColumnPast>; whole: Map<string, Distribution> }> {
  using folder = parquetFolder();
  const file = await folder.write("reference.parquet", query);
  using session = await openSession({ readable: [], writable: [file], threads: 1 });
  const from = `read_parquet('${file}')`;
  const asked = Object.entries(columns).map(([name, kind]) => ({ name, column: name, kind }));
  const described = await describeDistributions(session, from, asked);
  const { first, last } = await session.row(
    `SELECT strftime(min("at"), '%Y-%m-%dT%H:%M:%SZ') AS first, strftime(max("at"), '%Y-%m-%dT%H:%M:%SZ') AS last FROM ${from}`,
  );
  const time = { sql: '"at"', span: { first: String(first), last: String(last) } };
  const pasts = await columnPasts(
    session,
    from,
    asked.map((reference, at) => ({ reference, described: described[at]!, mayBeCalendar: true })),
    { time, window: week, group: group ?? null },
  );
  const named = <T>(values: readonly T[]) => new Map(asked.map(({ name }, at) => [name, values[at]!]));
  return { pasts: named(pasts), whole: named(described) };
}

/** 14 weeks of 840 rows, each with what the day has in common. */
const weeks = (selected: string, rows = 14 * 840) =>
  `SELECT ${selected} FROM (SELECT r, TIMESTAMP '2026-01-05' + r * INTERVAL 12 MINUTE AS "at", r // 120 AS day FROM range(${rows}) t(r))`;

describe("what windows did inside the reference", () => {
  it("is more than chance where the rows of a day have something in common", async () => {
    const { pasts } = await pastsOf({
      query: weeks(`"at", ${normal} AS alone, ${normal} + 0.4 * sin(day * day) AS of_day,
        CASE WHEN random() < 0.5 + 0.2 * sin(day * day) THEN 'a' ELSE 'b' END AS kind,
        CASE WHEN random() < 0.2 + 0.15 * sin(day * day) THEN NULL ELSE random() END AS gaps`),
      columns: { alone: "numeric", of_day: "numeric", kind: "category", gaps: "numeric" },
    });
    const [alone, day, kind, gaps] = [...pasts.values()].map(({ spread }) => spread!);
    expect(alone).toMatchObject({ windows: 14, freedom: 26 });
    // 0.4 sin has a variance of 0.08, so that a window of seven days varies by 0.08 / 7 of a row's 1.08.
    expect(day!.values).toBeGreaterThan(0.006);
    expect(day!.values).toBeLessThan(0.025);
    expect(alone!.values).toBeLessThan(0.003);
    expect(kind!.values).toBeGreaterThan(0.006);
    expect(gaps!.shares).toBeGreaterThan(0.006);
    expect(day!.largest).toBeGreaterThan(0);
  });

  it("is not known of a reference of one window", async () => {
    const { pasts } = await pastsOf({ query: weeks(`"at", ${normal} AS x`, 840), columns: { x: "numeric" } });
    expect(pasts.get("x")).toMatchObject({ spread: null, season: null, calendar: null });
  });

  it("counts equal rows of a group as one, and groups that have nothing in common as they are", async () => {
    const { pasts } = await pastsOf({
      query: `SELECT "at", r // 3 AS customer, (hash(r // 3) % 1000) / 1000.0 AS same, random() AS own, CAST(hash(r // 3 + 7) % 4 AS VARCHAR) AS kind
        FROM (SELECT r, TIMESTAMP '2026-01-05' + (r // 3) * INTERVAL 36 MINUTE AS "at" FROM range(9000) t(r))`,
      columns: { same: "numeric", own: "numeric", kind: "category" },
      group: "customer",
    });
    expect(pasts.get("same")!.groups).toBeCloseTo(2, 1);
    expect(pasts.get("own")!.groups).toBeLessThan(0.1);
    expect(pasts.get("kind")!.groups).toBeCloseTo(2, 1);
  });
});

describe("columns of the calendar", () => {
  it("are known by the time, whatever their names are, and weather is none", async () => {
    const { pasts } = await pastsOf({
      query: weeks(`"at", hour("at") AS a, dayname("at") AS b, isodow("at") >= 6 AS c, dayofyear("at") AS d,
        epoch("at") / 86400 - 20000 AS e, cos(2 * pi() * dayofyear("at") / 365) AS f, month("at") AS g,
        ((day * 7919) % 1000) / 10.0 AS weather, CAST(floor(random() * 24) AS INTEGER) AS chance, 1 AS constant`),
      columns: {
        ...{ a: "numeric", b: "category", c: "category", d: "numeric", e: "numeric", f: "numeric", g: "numeric" },
        ...{ weather: "numeric", chance: "numeric", constant: "numeric" },
      },
    });
    expect(Object.fromEntries([...pasts].map(([name, { calendar }]) => [name, calendar]))).toEqual({
      ...{ a: "hour", b: "day of week", c: "day of week", d: "day of year", e: "time", f: "day of year", g: "month" },
      ...{ weather: null, chance: null, constant: null },
    });
  });
});

describe("a reference of two years", () => {
  it("knows each season, and that a week is as in the same season of the other year", async () => {
    const { pasts, whole } = await pastsOf({
      query: weeks(`"at", ${normal} + 2 * sin(2 * pi() * dayofyear("at") / 365.25) AS x`, 730 * 120),
      columns: { x: "numeric" },
    });
    const { season, spread } = pasts.get("x")!;
    expect(season!.spread!.values).toBeLessThan(spread!.values / 20);
    const at = (from: string, to: string) =>
      inSeason(whole.get("x")!, season!, { from: new Date(from), to: new Date(to) }) as Distribution & { mean: number };
    expect(at("2028-03-30", "2028-04-06").mean).toBeCloseTo(2, 0.7);
    expect(at("2028-09-28", "2028-10-05").mean).toBeCloseTo(-2, 0.7);
    expect(Math.abs(at("2028-12-29", "2029-01-05").mean)).toBeLessThan(0.1);
  });
});
