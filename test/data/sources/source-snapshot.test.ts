import { expect, test } from "vitest";
import { requireUnchanged } from "../../../pipelines/data/engines/duckdb/sources/connect-sources.ts";
import { redactError, redactor } from "../../../pipelines/data/sources/redact.ts";
import { type SourceSnapshot, snapshotChanges, snapshotLine } from "../../../pipelines/data/sources/source-snapshot.ts";
import { EnvironmentError, UserError } from "../../../pipelines/errors/expected-error.ts";

const objects = (...etags: string[]): SourceSnapshot => ({
  source: "lake",
  read: "objects",
  objects: etags.map((etag, at) => ({ name: `trips/${at}.parquet`, bytes: 1, etag })),
});

test.each<[string, SourceSnapshot, SourceSnapshot, string[]]>([
  ["nothing", objects("a", "b"), objects("a", "b"), []],
  ["a changed object", objects("a", "b"), objects("a", "c"), ["in the source lake, trips/1.parquet is changed"]],
  ["a new object", objects("a"), objects("a", "b"), ["in the source lake, trips/1.parquet is new"]],
  ["a gone object", objects("a", "b"), objects("a"), ["in the source lake, trips/1.parquet is gone"]],
  [
    "many",
    objects(..."abcdefgh"),
    objects(..."ABCDEFGH"),
    [
      "in the source lake, trips/0.parquet, trips/1.parquet, trips/2.parquet, trips/3.parquet, trips/4.parquet and 3 more are changed",
    ],
  ],
  [
    "another version",
    { source: "trips", read: "table", version: "3" },
    { source: "trips", read: "table", version: "4" },
    ["the table trips was read at version 3, and now at 4"],
  ],
  [
    "another version of a table in a cluster",
    { source: "farm", read: "database", tables: ["f.a", "f.b", "f.c"], versions: { "f.a": "3", "f.b": "9" } },
    {
      source: "farm",
      read: "database",
      tables: ["f.a", "f.b", "f.c"],
      versions: { "f.a": "5", "f.b": "9", "f.c": "1" },
    },
    ["in the source farm, f.a was read at version 3, and now at 5"],
  ],
])("%s is told of what was read before", (_title, before, after, told) => {
  expect(snapshotChanges([before], [after])).toEqual(told);
});

test("an object that changes while it is read ends the run", () => {
  expect(() => requireUnchanged([objects("a")], [objects("b")])).toThrow(
    "in the source lake, trips/0.parquet is changed since the query began to read it",
  );
});

test("an error keeps its kind and loses its secrets, in all that it says and in its causes", () => {
  const redact = redactor(["s3cret-word"]);
  const cause = new Error("with s3cret-word");
  const user = redactError(new UserError({ message: "no s3cret-word", hint: "not s3cret-word" }, { cause }), redact);
  const detail = { tried: "s3cret-word", safe: "s3cret-word" };
  const machine = redactError(new EnvironmentError("s3cret-word", detail, { cause }), redact);
  expect([user, machine].map((error) => error?.constructor)).toEqual([UserError, EnvironmentError]);
  for (const error of [user, machine] as Error[]) {
    const told = [
      error.message,
      error.stack,
      JSON.stringify(error),
      (error.cause as Error).message,
      (error.cause as Error).stack,
    ];
    expect(told.join("\n")).not.toContain("s3cret-word");
    expect(error.message).toContain("***");
  }
});

test.each<[string, SourceSnapshot]>([
  ["trips, version 3", { source: "trips", read: "table", version: "3" }],
  ["lake: trips/0.parquet (ETag a)", objects("a")],
  ["lake: 3 objects of 3 bytes, with their ETags", objects("a", "b", "c")],
  ["shop: features.orders", { source: "shop", read: "database", tables: ["features.orders"] }],
  [
    "farm: f.a (version 3), f.v",
    { source: "farm", read: "database", tables: ["f.a", "f.v"], versions: { "f.a": "3" } },
  ],
])("what was read is told: %s", (line, read) => {
  expect(snapshotLine(read)).toBe(line);
});
