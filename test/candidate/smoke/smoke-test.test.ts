import { expect, test } from "vitest";
import { makeScratch, modelYaml, type Scratch } from "../../scratch.ts";

interface Smoke {
  state: string;
  reason: string;
  notes: string[];
  rows: number;
}

function scratchOf(select: string, changes: Parameters<typeof modelYaml>[0] = {}, task = "regression"): Scratch {
  const scratch = makeScratch({ remote: false });
  scratch.write("models/rent/features.sql", `SELECT id, ${select} FROM 'flats.csv'\n`);
  const metric = task === "regression" ? "rmse" : "log_loss";
  const thresholds = `  primary: ${metric}\n  first_deploy: { ${metric}: { max: 200 } }`;
  const text = modelYaml({ thresholds, features: "", ...changes }).replace("task: regression", `task: ${task}`);
  scratch.write("models/rent/model.yaml", text);
  return scratch;
}

const timid = "{ trees: 1, learning_rate: 0.001, max_leaves: 2, min_rows_per_leaf: 200, subsample: 0.1 }";
const linear = { type: "linear", params: "{ l2: 1000 }" };
const classes = "CASE WHEN rent > 900 THEN 'dear' ELSE 'fair' END AS rent";

test.each<[title: string, select: string, changes: Parameters<typeof modelYaml>[0], task: string, rows: number]>([
  ["trees, however timid their params", "size, rooms, city, rent", { params: timid }, "regression", 300],
  ["trees of classes", `size, city, ${classes}`, { params: timid }, "classification", 300],
  [
    "trees on noise: rows can be learned by heart",
    "hash(id) % 100000 AS x, hash(id + 1) % 1000 AS rent",
    {},
    "regression",
    300,
  ],
  ["a linear model", "size, rooms, city, rent", linear, "regression", 60],
  ["a linear model of classes", `size, rooms, ${classes}`, linear, "classification", 60],
  ["a linear model on noise", "hash(id) % 100000 AS x, hash(id + 1) % 1000 AS rent", linear, "regression", 60],
])("%s pass", async (_title, select, changes, task, rows) => {
  using scratch = scratchOf(select, changes, task);
  const result = await scratch.facts<Smoke>(["train", "rent", "--smoke"]);
  expect(result).toMatchObject({ state: "passed", rows, notes: [] });
  expect(result.reason).toMatch(/^learned \d+ rows: (rmse|log_loss) [\d.]+, and knowing nothing gives [\d.]+$/);
});

test.each<[title: string, select: string, changes: Parameters<typeof modelYaml>[0], task: string, reason: RegExp]>([
  [
    "features without a value",
    "size, NULL::DOUBLE AS rooms, NULL::VARCHAR AS city, rent",
    {},
    "regression",
    /^without a single value in the train split: rooms, city$/,
  ],
  ["constant features", "1 AS size, 'Ulm' AS city, rent", {}, "regression", /^every feature has the same value/],
  [
    "features that tell no rows apart",
    "id < 5 AS first, id % 2 = 0 AS even, hash(id + 1) % 1000 AS rent",
    {},
    "regression",
    /^the features hardly tell the 300 rows apart: the best that any model could do is rmse [\d.]+, and knowing nothing/,
  ],
  [
    "numbers taken for classes",
    "size, rooms, city, (rent * 10 + id)::INT AS rent",
    {},
    "classification",
    /^the target has \d+ classes in \d+ rows: is the task regression\?$/,
  ],
])("%s fail, with the reason", async (_title, select, changes, task, reason) => {
  using scratch = scratchOf(select, changes, task);
  const result = await scratch.facts<Smoke>(["train", "rent", "--smoke"], 1);
  expect(result.state).toBe("failed");
  expect(result.reason).toMatch(reason);
});

test("what cannot help or looks wrong is noted", async () => {
  using scratch = scratchOf("size, 1 AS one, (rent > 900)::INT AS rent");
  const { state, notes } = await scratch.facts<Smoke>(["train", "rent", "--smoke"]);
  expect(state).toBe("passed");
  expect(notes).toEqual([
    "one has the same value in all rows: it cannot help",
    "the target has two values only: is the task classification?",
  ]);
});

test("it needs no registry, writes no candidate, and does not search", async () => {
  using scratch = makeScratch({ remote: false });
  scratch.write("models/rent/model.yaml", `${modelYaml()}search: { space: { trees: [5, 9] } }\n`);
  const { stdout, code } = await scratch.mergeml("train", "rent", "--smoke");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rent: smoke test passed: learned 300 rows/);
  expect((await scratch.mergeml("gate", "rent")).stderr).toContain("no candidate rent");
});

test("data checks that fail come first", async () => {
  using scratch = scratchOf("size, city, rent", { features: "  checks: [ { column: size, between: [1, 2] } ]" });
  const told = await scratch.mergeml("train", "rent", "--smoke");
  expect(told.code).toBe(1);
  expect(told.stdout).toContain("1 of 1 data checks failed; nothing was trained");
});

test("a smoke test cannot be split", async () => {
  using scratch = makeScratch({ remote: false });
  const told = await scratch.mergeml("train", "rent", "--smoke", "--shard", "1/2");
  expect(told.code).toBe(2);
  expect(told.stderr).toContain("--smoke and --shard do not go together");
});
