import { describe, expect, it } from "vitest";
import type { DatasetStore } from "../../../pipelines/data/dataset-store.ts";
import type { CandidateRecord } from "../../../pipelines/registry/version-record.ts";
import { type ReferenceTimes, referenceTimes } from "../../../pipelines/watch/profile/reference-times.ts";
import { parquetFolder } from "../drift/parquet.ts";

const column = (...values: string[]) => `SELECT unnest([${values.join(", ")}]) AS seen`;

/** The times of splits that are these queries; an empty one is not stored. */
async function timesOf(train: string, test: string, time: string | null = "seen"): Promise<ReferenceTimes | null> {
  using folder = parquetFolder();
  const files: Record<string, string> = {};
  for (const [name, sql] of Object.entries({ train, test }))
    if (sql !== "") files[name] = await folder.write(`${name}.parquet`, sql);
  const store = {
    has: (name: string) => name in files,
    path: (name: string) => files[name],
  } as unknown as DatasetStore;
  const config = { features: { time } };
  const splits = { train: { fingerprint: "train" }, test: { fingerprint: "test" } };
  return await referenceTimes(store, { config, ...splits } as unknown as CandidateRecord);
}

describe("when the rows of a version's splits happened", () => {
  it.each([
    ["timestamps", "TIMESTAMP '2001-01-02 03:04:05.678901'", "2001-01-02T03:04:05.678Z"],
    ["dates", "DATE '2001-01-02'", "2001-01-02T00:00:00.000Z"],
    ["timestamps with a time zone", "TIMESTAMPTZ '2001-01-02 01:00:00+02:00'", "2001-01-01T23:00:00.000Z"],
    ["nanoseconds", "TIMESTAMP_NS '2001-01-02 03:04:05.678901234'", "2001-01-02T03:04:05.678Z"],
    ["times before 1970", "TIMESTAMP '1969-12-31 23:59:59.9995'", "1969-12-31T23:59:59.999Z"],
  ])("%s", async (_title, value, expected) => {
    const later = { first: "2005-01-01T00:00:00.000Z", last: "2005-06-01T00:00:00.000Z" };
    const test = column("TIMESTAMP '2005-06-01'", "NULL", "'infinity'::TIMESTAMP", "TIMESTAMP '2005-01-01'");
    expect(await timesOf(column(value, value, "NULL"), test)).toEqual({
      train: { first: expected, last: expected },
      test: later,
    });
  });

  it("is known of the split that is stored", async () => {
    const span = { first: "2001-01-02T00:00:00.000Z", last: "2001-01-02T00:00:00.000Z" };
    expect(await timesOf(column("DATE '2001-01-02'"), "")).toEqual({ train: span, test: null });
  });

  it.each([
    ["without a time column", column("DATE '2001-01-02'"), null],
    ["of texts", column("'2001-01-02'"), "seen"],
    ["of numbers", column("20010102"), "seen"],
    ["of nothing but nulls", column("CAST(NULL AS TIMESTAMP)"), "seen"],
    ["of years that ISO does not have", column("DATE '20010-01-02'"), "seen"],
  ])("is not known %s", async (_title, sql, time) => {
    expect(await timesOf(sql, sql, time)).toBeNull();
  });
});
