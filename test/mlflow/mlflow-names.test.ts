import { posix } from "node:path";
import { array, assert, constantFrom, oneof, property, string, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { artifactPath } from "../../pipelines/mlflow/artifact-path.ts";
import { mlflowKey, mlflowValue, uniqueKeys } from "../../pipelines/mlflow/mlflow-names.ts";

const anyKey = oneof(
  string({ unit: "grapheme", maxLength: 300 }),
  array(constantFrom("/", ".", "..", "a", " "), { maxLength: 9 }).map((each) => each.join("")),
);

/** MLflow's own rules, from mlflow/utils/validation.py. */
function accepted(key: string): boolean {
  const norm = posix.normalize(key);
  return /^[/\p{L}\p{N}_.\- :]+$/u.test(key) && norm === key && !/^(\.$|\.\.|\/)/.test(norm) && [...key].length <= 250;
}

describe("names that MLflow refuses", () => {
  const cases = [
    ["rmse", "rmse"],
    ["training/val_loss", "training/val_loss"],
    ["slice:origin=ATL", "slice:origin_ATL"],
    ["größe", "größe"],
    ["../../etc", "___/___/etc"],
    ["a//b/", "a/_/b/_"],
    ["..loss", "__loss"],
    ["", "_"],
  ] as const;
  it.each(cases)("%j becomes %j", (given, expected) => {
    expect(mlflowKey(given)).toBe(expected);
  });

  it("become names it takes, whatever they are", () => {
    assert(
      property(anyKey, (key) => accepted(mlflowKey(key))),
      { numRuns: 500 },
    );
  });

  it("stay apart when they become equal", () => {
    const keys = uniqueKeys([
      ["a=b", 1],
      ["a+b", 2],
      ["a_b", 3],
    ]);
    expect([...keys]).toEqual([
      ["a_b", 1],
      ["a_b_2", 2],
      ["a_b_3", 3],
    ]);
    assert(
      property(array(tuple(anyKey, string())), (entries) => {
        const unique = uniqueKeys(entries);
        return unique.size === entries.length && [...unique.keys()].every(accepted);
      }),
    );
  });

  it("and long values are cut", () => {
    expect(mlflowValue("x".repeat(6000))).toHaveLength(6000);
    expect(mlflowValue("x".repeat(6001))).toBe(`${"x".repeat(5999)}…`);
  });
});

describe("where a run's files go", () => {
  const uris = [
    ["mlflow-artifacts:/1/abc/artifacts", "1/abc/artifacts"],
    ["mlflow-artifacts://host:5000/1/abc/artifacts/", "1/abc/artifacts"],
    ["https://host/base/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts", "1/abc/artifacts"],
  ] as const;
  it.each(uris)("%s", (uri, path) => {
    expect(artifactPath(uri)).toBe(path);
  });

  const elsewhere = [
    ["s3://bucket/1/abc", "s3"],
    ["/srv/mlruns/1/abc", "its own disk"],
    ["mlflow-artifacts:/../../etc", "mlflow-artifacts"],
    [undefined, "its own disk"],
  ] as const;
  it.each(elsewhere)("%s is not reached through the server", (uri, place) => {
    expect(() => artifactPath(uri)).toThrow(
      `the MLflow server does not take files itself: it keeps artifacts at ${place}.`,
    );
  });
});
