import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChallengerComparison } from "../../pipelines/serving/comparison/trial-notes.ts";
import type { StatusEntry } from "../../pipelines/status.ts";
import { query } from "../predictions/parquet.ts";
import { deployed, modelYaml, type Scratch } from "../scratch.ts";

let scratch: Scratch;
let folder: string;

/** Version 1 in production, version 2 registered. */
beforeAll(async () => {
  scratch = await deployed();
  scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 60, max_leaves: 8 }" }));
  const { directory } = await scratch.facts<{ directory: string }>(["train", "rent"]);
  await scratch.facts(["register", directory]);
  folder = join(scratch.root, "predictions/rent/2999-01-01");
});
afterAll(() => scratch[Symbol.dispose]());

/** What a server would have logged on the first day of 2999 of the flats, with errors of known sizes. */
async function logged(
  arms: readonly { version: number; arm: string; where?: string; error: string; failed?: string }[],
) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const flats = `read_csv('${join(scratch.root, "data/flats.csv")}')`;
  for (const { version, arm, where = "true", error, failed = "false" } of arms) {
    await query(`COPY (SELECT TIMESTAMPTZ '2999-01-01 10:00:00Z' + to_seconds(id) AS time, 'rent' AS model, ${version} AS version,
      '${arm}' AS arm, CAST(id AS VARCHAR) AS key, CAST(size AS DOUBLE) AS size, CAST(rooms AS DOUBLE) AS rooms, city,
      CASE WHEN NOT (${failed}) THEN CAST(rent + ${error} AS FLOAT) END AS prediction, 1.0 + id % 10 AS latency_ms,
      CASE WHEN ${failed} THEN 'it failed' END AS error
      FROM ${flats} WHERE ${where}) TO '${folder}/${arm}-${version}.parquet'`);
  }
}

const compared = () => scratch.facts<ChallengerComparison>(["compare", "rent", "--now", "2999-01-02"]);

describe("mergeml challenge and compare", () => {
  it("says what is missing", async () => {
    expect((await scratch.mergeml("compare", "rent")).stderr).toContain(
      "rent has no challenger to compare with production",
    );
    for (const [args, expected] of [
      [["rent@2"], "nothing says how the version is tried"],
      [["rent@2", "--shadow", "--share", "10%"], "--shadow, --share and --stop exclude each other"],
      [["rent@2", "--share", "100%"], "--share 100% is not a share between 0% and 100%"],
      [["rent", "--shadow"], "rent names no version"],
      [["rent@1", "--shadow"], "rent@1 is in production itself"],
    ] as const)
      expect((await scratch.mergeml("challenge", ...args)).stderr).toContain(expected);
    await scratch.facts(["challenge", "rent@2", "--shadow"]);
    expect((await scratch.mergeml("compare", "rent")).stderr).toContain("nothing was logged of rent");
    const { models } = await scratch.facts<{ models: StatusEntry[] }>(["status"]);
    expect(models[0]).toMatchObject({ production: 1, challenger: { version: 2, mode: "shadow", share: null } });
    expect((await scratch.mergeml("status")).stdout).toMatch(/challenger[\s\S]*v2 as a shadow/);
  });

  it("compares a shadow on the same rows, where rows that one could not answer count for neither", async () => {
    await scratch.facts(["challenge", "rent@2", "--shadow"]);
    const noise = "10 * ((id * 7919) % 97 - 48)";
    await logged([
      { version: 1, arm: "production", error: `${noise} + 4 * (id % 3)` },
      { version: 2, arm: "shadow", error: `0.98 * ${noise}`, failed: "id % 100 = 7" },
      { version: 2, arm: "batch", error: "9999" },
    ]);
    const found = await compared();
    expect(found).toMatchObject({ mode: "shadow", paired: true, outcome: "better", needed: null, notes: [] });
    expect(found.production).toMatchObject({
      version: 1,
      rows: 600,
      failed: 0,
      keys: 600,
      labelled: 600,
      latency: { p50: 5.5 },
    });
    expect(found.challenger).toMatchObject({ version: 2, rows: 600, failed: 6, labelled: 594 });
    expect(found.judged).toEqual({ production: 594, challenger: 594 });
    const [rmse] = found.metrics;
    const [exact] =
      await query(`SELECT sqrt(avg((${noise} + 4 * (id % 3)) ** 2)) AS production, sqrt(avg((0.98 * ${noise}) ** 2)) AS challenger
      FROM read_csv('${join(scratch.root, "data/flats.csv")}') WHERE id % 100 <> 7`);
    expect(rmse).toMatchObject({ metric: "rmse", direction: "min" });
    expect(rmse!.production).toBeCloseTo(Number(exact?.production), 3);
    expect(rmse!.challenger).toBeCloseTo(Number(exact?.challenger), 3);
    // Errors that both share cancel: on rows of their own the difference would be lost in noise.
    expect(rmse!.difference!.high).toBeLessThan(0);
    expect(rmse!.difference!.high - rmse!.difference!.low).toBeLessThan(2);
    const { stdout } = await scratch.mergeml("compare", "rent", "--now", "2999-01-02");
    expect(stdout).toMatch(/^rent: v2 as a shadow of v1, since \d{4}-\d\d-\d\d \d\d:\d\d UTC, by /);
    expect(stdout).toMatch(/^failed +0 +6 \(1%\)$/m);
    expect(stdout).toMatch(/^v2 is better by rmse, beyond noise at 95%, on 594 rows of both\.$/m);
  });

  it("compares a split on each version's own rows, and tells one that was not dealt as asked", async () => {
    await scratch.facts(["challenge", "rent@2", "--share", "0.5"]);
    const noise = "10 * ((id * 7919) % 97 - 48)";
    const split = (odd: string, even: string) => [
      { version: 1, arm: "production", error: odd, where: "id % 2 = 1" },
      { version: 2, arm: "challenger", error: even, where: "id % 2 = 0" },
    ];
    await logged(split(noise, noise));
    const same = await compared();
    expect(same).toMatchObject({
      mode: "split",
      share: 0.5,
      paired: false,
      outcome: "undecided",
      agreement: null,
      notes: [],
    });
    expect(same.judged).toEqual({ production: 300, challenger: 300 });
    expect(same.needed).toBeGreaterThan(300);
    await logged(split(noise, `2 * ${noise}`));
    expect(await compared()).toMatchObject({ outcome: "worse", needed: null });
    await logged([
      { version: 1, arm: "production", error: noise, where: "id % 4 > 0" },
      { version: 2, arm: "challenger", error: noise, where: "id % 4 = 0" },
    ]);
    expect((await compared()).notes).toEqual([expect.stringMatching(/^The challenger got 25% of 600 keys, not 50%/)]);
  });

  it("says how many labels it needs, and that nothing was logged", async () => {
    await scratch.facts(["challenge", "rent@2", "--shadow"]);
    await logged([
      { version: 1, arm: "production", error: "1", where: "id < 12" },
      { version: 2, arm: "shadow", error: "2", where: "id < 12" },
    ]);
    const few = await compared();
    expect(few).toMatchObject({
      outcome: "too few labels",
      needed: 30,
      metrics: [],
      judged: { production: 12, challenger: 12 },
    });
    expect(few.agreement).toMatchObject({ rows: 12, mean_difference: expect.closeTo(1, 3) });
    await logged([{ version: 1, arm: "production", error: "1", where: "id < 12" }]);
    const none = await compared();
    expect(none).toMatchObject({ outcome: "no labels", notes: [expect.stringMatching(/^Nothing was logged of v2 /)] });
  });

  it("ends by a promotion", async () => {
    await scratch.facts(["challenge", "rent@2", "--shadow"]);
    await scratch.facts(["promote", "rent@2"]);
    expect((await scratch.facts<{ models: StatusEntry[] }>(["status"])).models[0]).toMatchObject({
      production: 2,
      challenger: null,
    });
    expect((await scratch.mergeml("challenge", "rent", "--stop")).stdout).toBe("rent has no challenger\n");
    expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });
    // What a challenger refers to is a version's, and stays.
    expect(await scratch.facts(["gc", "--grace-days", "1", "--dry-run"])).toMatchObject({ datasets: [] });
  });
});
