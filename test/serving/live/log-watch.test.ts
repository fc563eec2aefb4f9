import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import type { Snapshot } from "../../../pipelines/registry/snapshot.ts";
import { openLogWatch } from "../../../pipelines/serving/live/log-watch.ts";
import { newestFiles } from "../../../pipelines/serving/live/look-at-log.ts";
import { keepSent } from "../../../pipelines/serving/log/outbox.ts";
import { openUsageBook } from "../../../pipelines/serving/usage.ts";
import { servedModel } from "../builders.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-live-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kilobyte = 1024;

/** A file of the log that was written at this hour. */
function write(name: string, kilobytes: number, hour: number): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(kilobytes * kilobyte));
  const time = new Date(Date.UTC(2001, 5, 15, hour));
  utimesSync(path, time, time);
  return path;
}

const day = { from: new Date(Date.UTC(2001, 5, 15)), to: new Date(Date.UTC(2001, 5, 16)) };

describe("a look at a log that is too large", () => {
  it("reads the newest files, and knows from when on it has all rows", async () => {
    write("2001-06-15/a-1.parquet", 100, 3);
    const [second, third] = [write("2001-06-15/b-1.parquet", 100, 5), write("2001-06-15/a-2.parquet", 100, 8)];
    const all = await newestFiles(folder, day, 1000 * kilobyte);
    expect([all.paths.length, all.from]).toEqual([3, day.from]);
    expect(await newestFiles(folder, day, 250 * kilobyte)).toEqual({
      paths: [third, second],
      from: new Date(Date.UTC(2001, 5, 15, 3)),
    });
    expect((await newestFiles(folder, day, 1)).paths).toEqual([third]);
  });

  it("counts small files for what it takes to open them", async () => {
    for (let hour = 0; hour < 10; hour++) write(`2001-06-15/a-${hour}.parquet`, 1, hour);
    expect((await newestFiles(folder, day, 100 * kilobyte)).paths).toHaveLength(3);
  });
});

it("of files that were sent the newest are kept, those of an earlier run among them", async () => {
  const sent = join(folder, "sent");
  write("sent/rent/2001-06-15/old-1.parquet", 4, 1);
  const keep = keepSent(sent, join(folder, "outbox"), 10 * kilobyte);
  for (const name of ["new-1", "new-2"])
    await keep({ path: write(`outbox/rent/2001-06-15/${name}.parquet`, 4, 2), bytes: 4 * kilobyte });
  expect(readdirSync(join(sent, "rent/2001-06-15"))).toEqual(["new-1.parquet", "new-2.parquet"]);
  expect(readdirSync(join(folder, "outbox/rent/2001-06-15"))).toEqual([]);
});

describe("a log that cannot be looked at", () => {
  const production = servedModel(1);
  const entry = { name: "rent", pair: { production, challenger: null }, undeployed: null, failures: [] };
  const snapshot = { versionFile: async () => null } as unknown as Snapshot;
  const options = {
    table: { all: () => [entry] },
    usage: openUsageBook(),
    snapshot: () => snapshot,
    every: 20,
    rest: 0,
  };
  const clock = { now: () => day.to };

  it("is told once, also when its first file comes late, and the server goes on", async () => {
    const said: string[] = [];
    const log = { ...silentLog, warn: (text: string) => said.push(text) };
    const watch = openLogWatch({ ...options, folder, clock, log });
    // Rows reach their file later than they are answered: a log that is empty at the first looks is looked at again.
    await sleep(200);
    write("rent/2001-06-15/a-1.parquet", 1, 3);
    await expect.poll(() => said, { timeout: 30_000 }).toHaveLength(1);
    expect(said[0]).toMatch(/^the log of rent cannot be looked at: no file of the prediction log can be read/);
    expect(watch.of(entry)).toBeNull();
    await watch[Symbol.asyncDispose]();
  });

  it("is none where nothing is logged, or nobody wants a look", async () => {
    for (const changes of [{ folder: null }, { folder: join(folder, "none"), every: 0 }]) {
      await using watch = openLogWatch({ ...options, clock, log: silentLog, ...changes });
      expect(watch.of(entry)).toBeNull();
    }
  });
});
