import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CheckedView } from "../../pipelines/validate-views.ts";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";

interface Views {
  views: { name: string; models: string[]; reads: string[]; constraints: number; key: string[]; query?: string }[];
  problems: { message: string; where?: { file: string } }[];
}

const customer = `description: What we know of a customer
owner: "@octo-org/crm"
key: [customer_id, shop]
time: known_at
ttl: 30d
columns: { income: Euros a month }
constraints:
  - { column: income, between: [0, 100] }
  - { column: income, max: { max: 50 }, severity: warn }
`;

const customerSql = `-- A row each day.
SELECT i AS customer_id, 'a' AS shop, TIMESTAMP '2001-01-01' + to_days(i) AS known_at, i * 1.5 AS income
FROM range(60) AS t(i)
`;

let scratch: Scratch;

/** One model reads `customer` by way of `rich`; nobody reads `idle`. */
beforeAll(() => {
  scratch = makeScratch({ model: false, remote: false });
  scratch.write("features/customer.sql", customerSql);
  scratch.write("features/customer.yaml", customer);
  scratch.write("features/rich.sql", "SELECT customer_id, income > 40 AS rich FROM features.customer\n");
  scratch.write("features/rich.yaml", "key: customer_id\n");
  scratch.write("features/idle.sql", "SELECT i AS id FROM range(9) AS t(i) WHERE i >= $start AND i < $end\n");
  scratch.write("features/idle.yaml", "key: id\n");
  scratch.write("models/rent/model.yaml", modelYaml());
  scratch.write("models/rent/features.sql", "SELECT customer_id AS id, rich, 1 AS rent FROM features.rich\n");
});

afterAll(() => scratch[Symbol.dispose]());

const views = (...args: string[]) => scratch.facts<Views>(["features", ...args]);

describe("mergeml features ls", () => {
  test("lists each view with its key and the models that use it, also by way of another", async () => {
    const { code, stdout } = await scratch.mergeml("features", "ls");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    expect(cells[0]).toEqual(["view", "key", "time", "ttl", "owner", "models", "description"]);
    expect(cells.slice(-3)).toEqual([
      [
        ...["features.customer", "customer_id, shop", "known_at", "30d", "@octo-org/crm", "rent"],
        "What we know of a customer",
      ],
      ["features.idle", "id", "–", "–", "–", "none"],
      ["features.rich", "customer_id", "–", "–", "–", "rent"],
    ]);
  });

  test("tells machines the same, of all views or of those named", async () => {
    const { views: all, problems } = await views("ls");
    expect(problems).toEqual([]);
    expect(all.map(({ name, models, reads, constraints }) => [name, models, reads, constraints])).toEqual([
      ["customer", ["rent"], [], 2],
      ["idle", [], [], 0],
      ["rich", ["rent"], ["customer"], 0],
    ]);
    expect(all[0]).toMatchObject({ key: ["customer_id", "shop"], ttl: "30d", columns: { income: "Euros a month" } });
    expect((await views("ls", "idle")).views.map(({ name }) => name)).toEqual(["idle"]);
  });

  test("says how to make one where there is none", async () => {
    using empty = makeScratch({ model: false, remote: false });
    const { code, stdout } = await empty.mergeml("features", "ls");
    expect([code, stdout]).toEqual([0, expect.stringContaining("no feature views: features/<name>.sql")]);
    expect(await empty.facts(["features", "ls"])).toEqual({ views: [], problems: [] });
    const { code: none, stderr } = await empty.mergeml("features", "show", "customer");
    expect([none, stderr]).toEqual([2, expect.stringContaining("there is no features/*.sql with its .yaml")]);
  });
});

describe("mergeml features show", () => {
  test("tells all of a view, its SQL as it stands in the file included", async () => {
    const { code, stdout } = await scratch.mergeml("features", "show", "customer");
    expect(code).toBe(0);
    const facts = Object.fromEntries(stdout.split("\n").map((line) => line.trim().split(/ {2,}/, 2)));
    expect(facts).toMatchObject({
      ...{ owner: "@octo-org/crm", key: "customer_id, shop", time: "known_at", ttl: "30d", constraints: "2" },
      ...{ models: "rent", income: "Euros a month", description: "What we know of a customer" },
    });
    expect(stdout.trimEnd().endsWith(customerSql.trimEnd())).toBe(true);
  });

  test("leaves out what a view does not say, and names what it reads and that no model uses it", async () => {
    const { stdout } = await scratch.mergeml("features", "show", "rich", "idle");
    expect(stdout).toMatch(/reads +features\.customer/);
    expect(stdout).toMatch(/models +none/);
    expect(stdout).not.toMatch(/ttl|owner|description/);
  });

  test("tells machines the same, with the SQL", async () => {
    const { views: told } = await views("show", "customer", "rich");
    expect(told.map(({ name, query }) => [name, query])).toEqual([
      ["customer", customerSql],
      ["rich", "SELECT customer_id, income > 40 AS rich FROM features.customer\n"],
    ]);
  });
});

describe("mergeml features check", () => {
  test("runs the constraints, those that a key brings included, and exits 1 when one does not hold", async () => {
    const only = await scratch.facts<{ views: CheckedView[] }>(["features", "check", "customer"]);
    const failed = only.views[0]!.checks.filter(({ passed }) => !passed);
    expect(failed.map(({ severity, where }) => [severity, where])).toEqual([["warn", "features/customer.yaml:9"]]);
    scratch.write("features/customer.yaml", customer.replace("[0, 100]", "[0, 60]"));
    const { code, stdout } = await scratch.mergeml("features", "check", "customer");
    expect(code).toBe(1);
    expect(stdout).toContain("features.customer: 60 rows");
    expect(stdout).toMatch(
      /blocks: income between \[0, 60\]: 19 of 60 rows, e\.g\. 61\.5 +\(features\/customer\.yaml:8\)/,
    );
    scratch.write("features/customer.yaml", customer);
  });

  test("wants a window for a view that uses one, and takes it", async () => {
    const lacking = await scratch.mergeml("features", "check", "idle");
    expect(lacking.code).toBe(2);
    expect(lacking.stdout + lacking.stderr).toContain("--window 2001-01-01..2001-04-01");
    const wrong = await scratch.mergeml("features", "check", "idle", "--window", "2001-04-01..2001-01-01");
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("is not a window")]);
  });

  test("a view of another engine's than there is", async () => {
    const { code, stdout, stderr } = await scratch.mergeml("features", "check", "rich", "--engine", "nowhere");
    expect([code, stdout + stderr]).toEqual([2, expect.stringContaining("nowhere")]);
  });
});

test.each([
  ["a name near one", "custmer", "there is no feature view custmer"],
  ["a path", "../models/rent/features", "there is no feature view ../models/rent/features"],
  ["SQL", "customer; DROP TABLE x", "there is no feature view customer; DROP TABLE x"],
  ["a name of every object", "__proto__", "there is no feature view __proto__"],
  ["another", "constructor", "there is no feature view constructor"],
  ["capitals", "Customer", "there is no feature view Customer"],
  ["what ends a line of a workflow's log", "x\u0085::error::y", "there is no feature view x"],
  ["what clears a terminal", "x\u001b[2J", "there is no feature view x"],
])("%s is no view for ls, show or check", async (_title, name, message) => {
  for (const verb of ["ls", "show", "check"]) {
    const { code, stderr, stdout } = await scratch.mergeml("features", verb, name);
    expect([verb, code, stderr]).toEqual([verb, 2, expect.stringContaining(message)]);
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
    if (name === "custmer") expect(stderr).toContain("did you mean customer?");
    const told = await scratch.facts<Views>(["features", verb, name], 2);
    expect(JSON.stringify(told)).toContain("there is no feature view");
  }
});

test("a word that is no verb, and show without a name", async () => {
  for (const words of [["list"], ["show"], ["drop", "customer"]]) {
    const { code, stderr } = await scratch.mergeml("features", ...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining("write: mergeml features ls")]);
  }
});

test("files that are no views are told, beside those that are", async () => {
  using other = makeScratch({ model: false, remote: false });
  other.write("features/good.sql", "SELECT 1 AS id\n");
  other.write("features/good.yaml", "key: id\n");
  other.write("features/Bad-Name.sql", "SELECT 1 AS id\n");
  other.write("features/x\u001b[2J.sql", "SELECT 1 AS id\n");
  other.write("features/alone.yaml", "key: id\n");
  other.write("features/two.sql", "SELECT 1 AS id; SELECT 2\n");
  other.write("features/two.yaml", "key: id\n");
  symlinkSync("/etc/passwd", join(other.root, "features/linked.sql"));
  other.write("features/linked.yaml", "key: id\n");
  const { code, stdout, stderr } = await other.mergeml("features", "ls");
  expect([code, stderr]).toEqual([2, expect.anything()]);
  for (const file of ["Bad-Name.sql", "alone.sql is not there", "two.sql:1", "linked.sql cannot be used"])
    expect(stdout + stderr).toContain(file);
  expect(stdout).toContain("features.good");
  expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|root:/u);
  const told = await other.facts<Views>(["features", "ls"], 2);
  expect(told.views.map(({ name }) => name)).toEqual(["good"]);
  expect(told.problems.length).toBe(5);
  const { code: shown, stdout: good } = await other.mergeml("features", "show", "good");
  expect([shown, good]).toEqual([0, expect.stringContaining("SELECT 1 AS id")]);
});
