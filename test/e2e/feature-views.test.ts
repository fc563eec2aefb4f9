import { expect, test } from "vitest";
import { initialised, madeScratch, type Scratch } from "../scratch.ts";

const view = (income = "i * 10.0") => `SELECT i // 4 AS customer_id,
  TIMESTAMP '2001-01-01' + INTERVAL (i % 4 * 10) DAY AS known_at,
  ${income} + i % 4 AS income
FROM range(1600) AS t(i)
`;

const viewYaml = (most = 20000) => `description: What we know of a customer, every ten days
owner: "@octo-org/crm"
key: customer_id
time: known_at
ttl: 30d
columns:
  income: Euros a month
constraints:
  - { column: income, not_null: true }
  - { column: income, between: [0, ${most}] }
`;

const tail = `thresholds: { primary: rmse, first_deploy: { rmse: { max: 100000 }, }, naive: warn }
`;

/** One model reads the view in its query, the other by way of another view in a join. */
function write(scratch: Scratch): void {
  scratch.write("features/customer.sql", view());
  scratch.write("features/customer.yaml", viewYaml());
  scratch.write("features/rich.sql", "SELECT customer_id, known_at, income > 2000 AS rich FROM features.customer\n");
  scratch.write("features/rich.yaml", "key: customer_id\ntime: known_at\ncolumns: { rich: Earns much }\n");
  scratch.write(
    "models/rent/features.sql",
    `SELECT c.customer_id AS id, c.income, c.income * 0.1 + c.customer_id * 37 % 1000 AS rent
FROM features.customer AS c WHERE c.known_at = TIMESTAMP '2001-01-01'
`,
  );
  scratch.write(
    "models/rent/model.yaml",
    `name: rent
task: regression
type: linear
features: { query: features.sql, key: id, target: rent, split: { by: key } }
${tail}`,
  );
  scratch.write(
    "models/spend/entities.sql",
    `SELECT i AS order_id, i % 400 AS customer_id, i % 5 AS items, i % 5 * 20.0 + i * 37 % 101 AS spend,
  TIMESTAMP '2001-01-05' + INTERVAL (i % 60) DAY AS ordered_at
FROM range(800) AS t(i)
`,
  );
  scratch.write(
    "models/spend/model.yaml",
    `name: spend
task: regression
type: linear
features:
  entities: entities.sql
  views: [customer, rich@60d]
  key: order_id
  time: ordered_at
  target: spend
  split: { by: time }
${tail}`,
  );
}

const sharing = () =>
  madeScratch("sharing-views", initialised, async (scratch) => {
    write(scratch);
    scratch.git("add", ".");
    scratch.git("commit", "-q", "-m", "Share a view");
    for (const name of ["rent", "spend"]) await scratch.facts(["run", name]);
  });

interface Planned {
  models: { model: string; state: string; detail: string; views?: string[] }[];
}

test("a view that changes is a change of each model that uses it, and both versions are reproduced byte for byte", async () => {
  using scratch = await sharing();
  const states = async () =>
    (await scratch.facts<Planned>(["plan"])).models.map(({ model, state }) => `${model} ${state}`);
  expect(await states()).toEqual(["rent unchanged", "spend unchanged"]);
  expect((await scratch.mergeml("validate")).stdout).toContain("2 models checked, no errors");

  const { candidate } = await scratch.facts<{ candidate: { features: { name: string }[] } }>(["show", "spend@1"]);
  expect(candidate.features.map(({ name }) => name)).toEqual(["items", "income", "rich"]);

  scratch.write("features/customer.yaml", viewYaml().replace("Euros", "EUR").replace("@octo-org/crm", "@octo-org/it"));
  expect(await states()).toEqual(["rent unchanged", "spend unchanged"]);

  scratch.write("features/customer.sql", view("i * 10.5"));
  const { models } = await scratch.facts<Planned>(["plan"]);
  expect(models.map(({ model, state, views }) => ({ model, state, views }))).toEqual([
    { model: "rent", state: "changed", views: ["customer"] },
    { model: "spend", state: "changed", views: ["customer"] },
  ]);
  expect(models[0]!.detail).toBe(
    "features.customer features/customer.sql, 4 lines → features/customer.sql, 4 lines (+1 −1)",
  );
  expect((await scratch.mergeml("plan")).stdout).toContain("features.customer changed: affects rent, spend");

  // From the record alone, whatever the files say now.
  for (const version of ["rent@1", "spend@1"])
    expect(await scratch.facts(["reproduce", version])).toMatchObject({ identical: true, data: "query" });

  const { directory: rent } = await scratch.facts<{ directory: string }>(["train", "rent"]);
  const { directory: spend } = await scratch.facts<{ directory: string }>(["train", "spend"]);
  const { stdout: report } = await scratch.mergeml("report", rent, spend);
  expect(report).toContain("- `features.customer` affects rent, spend");
});

test("a constraint that does not hold blocks every model that uses the view, and is told by its file and line", async () => {
  using scratch = await sharing();
  scratch.write("features/customer.yaml", viewYaml(3000));
  const told = await scratch.mergeml("train", "spend");
  expect(told.code).toBe(1);
  expect(told.stdout + told.stderr).toContain("features.customer: income between [0, 3000]");
  expect(told.stdout + told.stderr).toContain("features/customer.yaml:10");
  expect((await scratch.mergeml("features", "check")).stdout).toContain(
    "blocks: income between [0, 3000]: 1,299 of 1,600 rows, e.g. 3011.0  (features/customer.yaml:10)",
  );
  expect(await scratch.mergeml("features", "check", "rich")).toMatchObject({ code: 0 });
});

/** A ride an hour of 2001. */
const rides = `SELECT i AS id, TIMESTAMP '2001-01-01' + to_hours(i) AS started_at, 1.0 + hash(i) % 10 AS km,
  3.0 * (1 + hash(i) % 10) + hash(i * 11) % 5 AS minutes FROM range(4000) t(i)
`;
const ridesYaml = (most: number) => `key: id
time: started_at
constraints:
  - { column: km, max: { max: ${most} } }
`;
const inWindow = "FROM features.rides WHERE started_at >= $start AND started_at < $end";
const windowed = (query: string) => `name: ride
task: regression
type: linear
features: { query: features.sql, key: id, target: minutes, time: started_at, window: { start: 2001-01-01, end: 2001-04-01 }, split: { by: time } }
drift: { ${query}window: 14d, min_rows: 50 }
${tail}`;

test("drift and predict read views too, and their constraints hold there", async () => {
  using scratch = await initialised();
  scratch.write("features/rides.sql", rides);
  scratch.write("features/rides.yaml", ridesYaml(10));
  scratch.write("models/ride/features.sql", `SELECT id, started_at, km, minutes ${inWindow}\n`);
  scratch.write("models/ride/live.sql", `SELECT id, started_at, km, minutes ${inWindow}\n`);
  scratch.write("models/ride/model.yaml", windowed(""));
  scratch.git("add", ".");
  scratch.git("commit", "-q", "-m", "Add rides");
  await scratch.facts(["run", "ride"]);
  const drift = (code: number) => scratch.facts<unknown>(["drift", "ride", "--now", "2001-05-01"], code);

  // From the record: the file of the view may say what it likes.
  scratch.write("features/rides.sql", rides.replace("hash(i) % 10 AS km", "hash(i) % 10 + 90 AS km"));
  expect(JSON.stringify(await drift(0))).toContain('"rows":336');

  // A query of its own reads the view as it is now.
  scratch.write("models/ride/model.yaml", windowed("query: live.sql, "));
  const failed = await scratch.mergeml("drift", "ride", "--now", "2001-05-01");
  expect(failed.code).toBe(2);
  expect(failed.stdout + failed.stderr).toContain(
    'features/rides.yaml:4:1 the constraint "features.rides: km max ≤ 10" does not hold: 100',
  );
  scratch.write("features/rides.yaml", ridesYaml(200));
  expect(JSON.stringify(await drift(1))).toContain('"mean":95.8');

  scratch.write("features/rides.sql", rides);
  expect(JSON.stringify(await drift(0))).toContain('"outcome":"clean"');

  scratch.write("score.sql", `SELECT id, km FROM features.rides WHERE id < 5\n`);
  const scored = await scratch.mergeml("predict", "ride", "--input", "score.sql", "--output", "scores.csv");
  expect(scored).toMatchObject({ code: 0, stdout: expect.stringContaining("5 rows") });
});
