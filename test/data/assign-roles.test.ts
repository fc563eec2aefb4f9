import { expect, test } from "vitest";
import { assignRoles } from "../../pipelines/data/assign-roles.ts";
import { sqlText } from "../../pipelines/data/engines/engine.ts";
import type { SourceColumn } from "../../pipelines/data/engines/session.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";

const features = { query: "features.sql", target: "y", key: [], time: null, window: null, split: { by: "key" } };

/** Gives columns of a query their roles; tells how often its text was looked into. */
function assign(columns: readonly SourceColumn[]): { problems: UserError["problems"]; looks: number } {
  const text = `SELECT ${columns.map(({ name }) => name).join(", ")} FROM 'wide.csv'`;
  let looks = 0;
  const sql = Object.defineProperty({ ...sqlText("models/m/features.sql", text) }, "text", {
    get() {
      looks += 1;
      return text;
    },
  });
  const request = { task: "regression", features, slices: [], locate: () => undefined, sql } as unknown;
  try {
    assignRoles(columns, request as Parameters<typeof assignRoles>[1]);
    return { problems: [], looks };
  } catch (error) {
    if (error instanceof UserError) return { problems: error.problems, looks };
    throw error;
  }
}

const columnOf = (name: string, kind: SourceColumn["kind"] = "integer"): SourceColumn => ({
  name,
  kind,
  scale: 0,
  type: kind.toUpperCase(),
});
const wide = ["y", ...Array.from({ length: 2000 }, (_, at) => `c${at}`)];

test("a query of thousands of columns is not searched for each of them", () => {
  expect(assign(wide.map((name) => columnOf(name)))).toEqual({ problems: [], looks: 0 });
});

test("a column that cannot be a feature is found in the query", () => {
  const { problems } = assign(wide.map((name) => columnOf(name, name === "c2" ? "nested" : "integer")));
  expect(problems).toMatchObject([
    {
      message: "column c2 is NESTED, which cannot be a feature",
      where: { file: "models/m/features.sql", line: 1, column: 19 },
    },
  ]);
});
