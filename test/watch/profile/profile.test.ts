import { describe, expect, it } from "vitest";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import type { Profile } from "../../../pipelines/watch/profile/profile.ts";
import { parseProfile, writeProfile } from "../../../pipelines/watch/profile/profile-file.ts";
import { summarise } from "../../../pipelines/watch/profile/summarise.ts";
import { readProfile } from "../../../pipelines/watch/profile/version-profile.ts";
import { deployed, type Scratch } from "../../scratch.ts";
import { profileOf, windowOf } from "../drift/builders.ts";
import { parquetFolder } from "../drift/parquet.ts";

const registered = (scratch: Scratch, path: string) =>
  scratch.git("show", `origin/registry:models/rent/versions/1/${path}`);

async function workspaceOf(scratch: Scratch) {
  const clock = { now: () => new Date("2026-01-02") };
  return openWorkspace({ directory: scratch.root, env: scratch.env, clock, log: silentLog, useCache: true });
}

describe("the profile of a version", () => {
  it("is registered with it, says what drift needs, and comes out the same again", async () => {
    using scratch = await deployed();
    const text = registered(scratch, "profile.json");
    const profile = parseProfile(text);
    expect(profile).toMatchObject({ task: "regression", target: "rent", unwatched: 0, outcome: { name: "rent" } });
    expect(profile.features.map(({ kind, distribution }) => [kind, distribution.name])).toEqual([
      ["number", "size"],
      ["number", "rooms"],
      ["category", "city"],
    ]);
    const shares = profile.features.map(({ importance }) => importance ?? 0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(profile.features[2]!.distribution).toMatchObject({ categories: [{}, {}, {}, {}], other: 0, buckets: null });
    expect(profile.predictions).toMatchObject([{ name: "prediction", kind: "numeric", exact: true }]);
    const { value, low, high, error, rows } = profile.performance!;
    expect(low < value && value < high && error > 0 && rows === profile.predictions[0]!.rows).toBe(true);

    const record = JSON.parse(registered(scratch, "version.json"));
    expect(value).toBeCloseTo(record.evaluation.metrics[0].candidate, 9);
    expect(Object.keys(record.files)).toContain("profile.json");
    const workspace = await workspaceOf(scratch);
    const snapshot = await workspace.registry.snapshot({ fetch: false });
    expect(writeProfile(await readProfile(workspace, snapshot, "rent", 1))).toBe(text);
    expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });

    const built = await readProfile(workspace, { ...snapshot, versionFile: async () => null }, "rent", 1);
    expect(writeProfile(built)).toBe(text);
  });

  it("can be told how to get when there is none", async () => {
    using scratch = await deployed();
    const workspace = await workspaceOf(scratch);
    const snapshot = await workspace.registry.snapshot({ fetch: false });
    const { candidate } = await snapshot.record("rent", 1);
    const old = { ...snapshot, versionFile: async () => null };
    await workspace.store.delete(candidate.predictions.fingerprint);
    expect(await readProfile(workspace, old, "rent", 1)).toMatchObject({ predictions: [], performance: null });
    await workspace.store.delete(candidate.train.fingerprint);
    await expect(readProfile(workspace, old, "rent", 1)).rejects.toThrow(
      "rent@1 was registered without profile.json, and its train split is not in the dataset store",
    );
  });
});

describe("the size of a profile", () => {
  it("stays within its bytes with 2,000 columns, the least important left out", async () => {
    using folder = parquetFolder();
    const names = Array.from({ length: 2000 }, (_, at) => `feature_${at}`);
    const file = await folder.write(
      "wide.parquet",
      `SELECT ${names.map((name, at) => `hash((i + ${at}) % 500) / 1e15 AS ${name}`).join(", ")} FROM range(1100) t(i)`,
    );
    const importance = Object.fromEntries(names.map((name, at) => [name, 1 / (at + 1)]));
    const features = Object.fromEntries(names.map((name) => [name, "number" as const]));
    const profile = await profileOf({ file, features, importance });
    const text = writeProfile(profile);
    expect(text.length).toBeLessThanOrEqual(200_000);
    expect(text.length).toBeGreaterThan(150_000);
    expect(profile.features.length + profile.unwatched).toBe(2000);
    expect(profile.features.length).toBeGreaterThan(700);
    expect(profile.features.map(({ distribution }) => distribution.name)).toEqual(
      names.slice(0, profile.features.length),
    );
    expect(edgesOf(profile, 0)).toBeGreaterThanOrEqual(edgesOf(profile, profile.features.length - 1));
  });

  it("stays within its bytes with 10,000 categories, which are then compared by bucket", async () => {
    using folder = parquetFolder();
    const query = (shift: number) =>
      `SELECT 'category ' || ((i * 7919) % 10000 + ${shift}) AS x FROM range(30000) t(i)`;
    const profile = await profileOf({ file: await folder.write("r.parquet", query(0)), features: { x: "category" } });
    expect(writeProfile(profile).length).toBeLessThanOrEqual(200_000);
    const small = await profileOf({
      file: await folder.write("small.parquet", query(0)),
      features: { x: "category" },
      bytes: 5000,
    });
    expect(writeProfile(small).length).toBeLessThanOrEqual(5000);
    const [reference] = small.features;
    expect(reference!.distribution).toMatchObject({
      rows: 30_000,
      missing: 0,
      categories: { length: 20 },
      other: 29_940,
    });
    const window = await windowOf(small, await folder.write("w.parquet", query(0)));
    expect(window.features[0]).toMatchObject({
      distribution: { buckets: "buckets" in reference!.distribution ? reference!.distribution.buckets : [] },
    });
  });

  it("keeps the rows it counted when it becomes coarser", async () => {
    using folder = parquetFolder();
    const file = await folder.write("r.parquet", "SELECT i * 1.5 AS x, i % 40 AS y FROM range(900) t(i)");
    const features = { x: "number", y: "number" } as const;
    for (const bytes of [40_000, 12_000, 6_000, 3_000, 2_000]) {
      const profile = await profileOf({ file, features, bytes });
      expect(writeProfile(profile).length).toBeLessThanOrEqual(bytes);
      const window = await summarise(profile, { files: [file], threads: 1, memory_gb: 1, expected: [] });
      for (const [at, { distribution }] of profile.features.entries()) {
        if (distribution.kind !== "numeric") throw new Error("x and y are numbers");
        expect(distribution.counts.reduce((sum, count) => sum + count, 0)).toBe(900);
        expect(window.features[at]).toMatchObject({ distribution: { counts: distribution.counts } });
      }
    }
  });
});

function edgesOf({ features }: Profile, at: number): number {
  const { distribution } = features[at]!;
  return distribution.kind === "numeric" ? distribution.edges.length : 0;
}
