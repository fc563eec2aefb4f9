import { describe, expect, it } from "vitest";
import { tidyPart } from "../../../pipelines/watch/profile/past/past.ts";
import type { FeatureProfile, Profile } from "../../../pipelines/watch/profile/profile.ts";
import { parseProfile, profileFile, writeProfile } from "../../../pipelines/watch/profile/profile-file.ts";

const profile: Profile = {
  format: 1,
  task: "regression",
  classes: [],
  target: "delay",
  unwatched: 3,
  times: {
    train: { first: "2001-01-01T00:00:00.000Z", last: "2001-02-01T12:30:00.000Z" },
    test: { first: "2001-02-01T12:31:00.000Z", last: "2001-02-07T23:59:59.999Z" },
  },
  performance: {
    metric: "mae",
    direction: "min",
    rows: 90,
    value: 4,
    low: 3.5,
    high: 4.5,
    error: 0.25,
    confidence: 0.95,
  },
  features: [
    {
      kind: "number",
      importance: 0.75,
      distribution: {
        name: "distance",
        kind: "numeric",
        rows: 9,
        missing: 1,
        infinite: 1,
        mean: 2,
        deviation: 1,
        min: 1,
        max: 4,
        edges: [1, 2, 4],
        counts: [3, 2, 2, 0],
        equal: [3, 2, 2],
        below: 0,
        above: 0,
        exact: true,
      },
    },
    {
      kind: "category",
      importance: null,
      distribution: {
        name: "origin",
        kind: "category",
        rows: 9,
        missing: 2,
        categories: [
          { value: "ATL", rows: 4 },
          { value: "ORD", rows: 1 },
        ],
        other: 2,
        unlisted: [],
        buckets: [4, 3],
      },
    },
  ],
  predictions: [
    {
      name: "prediction",
      kind: "numeric",
      rows: 5,
      missing: 0,
      infinite: 0,
      mean: 0.5,
      deviation: 0.25,
      min: 0.1,
      max: 0.9,
      edges: [0.1, 0.5, 0.9],
      counts: [1, 2, 2, 0],
      equal: null,
      below: 0,
      above: 0,
      exact: false,
    },
  ],
  outcome: {
    name: "delay",
    kind: "numeric",
    rows: 5,
    missing: 5,
    infinite: 0,
    mean: null,
    deviation: null,
    min: null,
    max: null,
    edges: [],
    counts: [0],
    equal: [],
    below: 0,
    above: 0,
    exact: true,
  },
};

describe("profile.json", () => {
  it("reads what it wrote, the same bytes each time, one feature a line", () => {
    const text = writeProfile(profile);
    expect(parseProfile(text)).toEqual(profile);
    expect(writeProfile(parseProfile(text))).toBe(text);
    expect(
      text.split("\n").filter((line) => line.startsWith('["number"') || line.startsWith('["category"')),
    ).toHaveLength(2);
    expect(profileFile).toBe("profile.json");
  });

  it("reads one of an earlier mergeml, which has no times", () => {
    const text = writeProfile(profile).replace(/"times":.*\n/, "");
    expect(parseProfile(text)).toEqual({ ...profile, times: null });
  });

  it("keeps what windows did, and the seasons, behind what an earlier mergeml reads of a line", () => {
    const spread = { windows: 11, freedom: 20, values: 0.0123, shares: 0, largest: 0.2 };
    const known = profile.features.map((feature): FeatureProfile => {
      const parts = [tidyPart(feature.distribution), tidyPart(feature.distribution)];
      return { ...feature, past: { spread, groups: 2, calendar: null, season: { spread: null, parts } } };
    });
    const calendar = { spread: null, groups: 0, calendar: "month", season: null };
    const past = {
      window: 604_800_000,
      predictions: profile.predictions.map(() => calendar),
      performance: { windows: 3, freedom: 14, values: 0.01 },
    };
    const whole = { ...profile, features: known, past };
    const text = writeProfile(whole);
    expect(parseProfile(text)).toEqual(whole);
    expect(writeProfile(parseProfile(text))).toBe(text);
    const lines = JSON.parse(text).features as unknown[][];
    const before = JSON.parse(writeProfile(profile)).features as unknown[][];
    expect(lines.map((line) => line.slice(0, 3))).toEqual(before);
  });

  it("says so when a newer mergeml wrote it", () => {
    const newer = writeProfile(profile).replace('"format":1', '"format":2');
    expect(() => parseProfile(newer)).toThrow("the profile has format 2, this mergeml reads format 1");
  });
});
