import fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../property-seed.ts";
import { type Cell, type JoinCase, joinedRows } from "./join-frames.ts";

const at = (day: number, rest = "00:00:00") => `2020-01-${String(day).padStart(2, "0")} ${rest}Z`;
const case1 = (
  ttl: number | null,
  rows: [string | null, string | null, number | null][],
  entities: [string | null, string | null][],
): JoinCase => ({
  keys: ["k"],
  entities: entities.map(([k, event_timestamp], id) => ({ id, k, event_timestamp })),
  views: [{ name: "v", ttl, columns: ["x"], rows: rows.map(([k, t, x]) => ({ k, t, x })) }],
});

/** DuckDB runs both forms: its own, and the one for engines without ASOF JOIN. */
describe.each(["duckdb", "postgres"])("as written for %s", (engine) => {
  test.each<[string, JoinCase, (number | null)[]]>([
    [
      "the last row at or before",
      case1(
        null,
        [
          ["a", at(1), 1],
          ["a", at(3), 3],
          ["a", at(5), 5],
        ],
        [
          ["a", at(4)],
          ["a", at(3)],
          ["a", at(2)],
          ["a", at(9)],
        ],
      ),
      [3, 3, 1, 5],
    ],
    [
      "none before",
      case1(
        null,
        [["a", at(3), 3]],
        [
          ["a", at(2)],
          ["a", at(2, "23:59:59.999999")],
        ],
      ),
      [null, null],
    ],
    [
      "both ends of a ttl count",
      case1(
        86_400,
        [["a", at(3), 3]],
        [
          ["a", at(3)],
          ["a", at(4)],
          ["a", at(4, "00:00:00.000001")],
        ],
      ),
      [3, 3, null],
    ],
    [
      "an older row does not stand in for a null",
      case1(
        null,
        [
          ["a", at(1), 1],
          ["a", at(2), null],
        ],
        [["a", at(3)]],
      ),
      [null],
    ],
    [
      "an entity without rows, and none at all",
      case1(
        null,
        [
          ["a", at(1), 1],
          [null, at(1), 2],
        ],
        [
          ["b", at(3)],
          [null, at(3)],
        ],
      ),
      [null, null],
    ],
    [
      "a time that is not known",
      case1(
        null,
        [
          ["a", at(1), 1],
          ["a", null, 2],
        ],
        [
          ["a", null],
          ["a", at(3)],
        ],
      ),
      [null, 1],
    ],
    [
      "time zones",
      case1(
        null,
        [["a", "2020-01-01 01:00:00+02:00", 1]],
        [
          ["a", "2019-12-31 23:00:00Z"],
          ["a", "2019-12-31 18:00:00-05:00"],
          ["a", "2019-12-31 22:59:59Z"],
        ],
      ),
      [1, 1, null],
    ],
    ["an empty view", case1(3, [], [["a", at(1)]]), [null]],
    [
      "equal entities stay two",
      case1(
        null,
        [["a", at(1), 1]],
        [
          ["a", at(1)],
          ["a", at(1)],
        ],
      ),
      [1, 1],
    ],
  ])("%s", async (_, given, expected) => {
    expect((await joinedRows(given, engine)).map(({ x }) => x)).toEqual(expected);
  });
});

const moment = fc.integer({ min: 0, max: 40 }).map((hour) => new Date(Date.UTC(2020, 0, 1, hour)).toISOString());
const name = fc.constantFrom("a", "b", null);
const rows = fc.uniqueArray(
  fc.record({ k: name, j: fc.constantFrom("p", "q"), t: moment, x: fc.option(fc.integer({ min: 0, max: 99 })) }),
  {
    maxLength: 25,
    selector: ({ k, j, t }) => `${k} ${j} ${t}`,
  },
);
const entities = fc.array(fc.record({ k: name, j: fc.constantFrom("p", "q"), event_timestamp: moment }), {
  minLength: 1,
  maxLength: 12,
});
const frames = fc.record({ rows, entities, ttl: fc.constantFrom(null, 3600, 5 * 3600) }).map(
  ({ rows: written, entities: asked, ttl }): JoinCase => ({
    keys: ["k", "j"],
    entities: asked.map((row, id) => ({ id, ...row })),
    views: [
      { name: "v", ttl, columns: ["x"], rows: written },
      {
        name: "w",
        ttl: null,
        columns: ["s"],
        rows: written.map(({ x, ...row }) => ({ ...row, s: x === null ? null : `s${x}` })),
      },
    ],
  }),
);

/** What the definition says, row by row. */
function slowly({ keys, entities: asked, views }: JoinCase): Record<string, Cell>[] {
  const time = (value: Cell | undefined) => Date.parse(String(value));
  return asked.map((entity) => {
    const now = time(entity.event_timestamp);
    const found = views.map(({ rows: all, ttl, columns }) => {
      const known = all.filter(
        (row) => keys.every((key) => row[key] !== null && row[key] === entity[key]) && time(row.t) <= now,
      );
      const [last] = known.toSorted((a, b) => time(b.t) - time(a.t));
      const fresh = last && (ttl === null || now - time(last.t) <= ttl * 1000);
      return Object.fromEntries(columns.map((column) => [column, fresh ? (last[column] ?? null) : null]));
    });
    return Object.assign({ id: entity.id ?? null }, ...found);
  });
}

test("both forms are the definition, and never look into the future", async () => {
  await fc.assert(
    fc.asyncProperty(frames, fc.infiniteStream(fc.integer({ min: 100, max: 999 })), async (given, others) => {
      const expected = slowly(given);
      expect(await joinedRows(given, "duckdb")).toEqual(expected);
      expect(await joinedRows(given, "postgres")).toEqual(expected);
      const [one] = given.entities;
      const changed = {
        ...given,
        entities: [one!],
        views: given.views.map((view) => ({
          ...view,
          rows: view.rows.map((row) =>
            String(row.t) > String(one!.event_timestamp) ? { ...row, [view.columns[0]!]: others.next().value } : row,
          ),
        })),
      };
      expect(await joinedRows(changed, "duckdb")).toEqual([expected[0]]);
    }),
    { numRuns: 25 },
  );
}, 60_000);
