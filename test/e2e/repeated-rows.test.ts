import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import type { Verdict } from "../../pipelines/gate/verdict.ts";
import { initialised, type Scratch } from "../scratch.ts";

interface Trained {
  evaluation: Evaluation;
  verdict: Verdict;
  told: { notes: string[] };
}

/** Five features and a target of noise, each row `times` times under an id of its own. */
const noise = (times: number, people = 400) => `SELECT p * ${times} + t AS id, p AS person,
  hash(p) % 1000 / 100.0 AS a, hash(p * 7) % 1000 / 100.0 AS b, hash(p * 31) % 1000 / 100.0 AS c,
  hash(p * 101) % 1000 / 100.0 AS d, hash(p * 1009) % 1000 / 100.0 AS e, hash(p * 10007) % 1000 / 100.0 AS y
  FROM range(${people}) people(p), range(${times}) times(t)`;

function write(scratch: Scratch, query: string, more: { split?: string; thresholds?: string } = {}): void {
  scratch.write("models/noise/features.sql", query);
  scratch.write(
    "models/noise/model.yaml",
    `name: noise
description: Noise
task: regression
type: gradient-boosting
params: { trees: 150, min_rows_per_leaf: 2 }
features: { query: features.sql, key: id, target: y, split: { by: key${more.split ?? ""} } }
thresholds: { primary: rmse, first_deploy: { r2: { min: 0.3 } }${more.thresholds ?? ""} }
`,
  );
}

/** Lets the first version pass whatever it is worth. */
function accept(scratch: Scratch): void {
  const file = "models/noise/model.yaml";
  const yaml = readFileSync(join(scratch.root, file), "utf8");
  scratch.write(file, yaml.replace("r2: { min: 0.3 }", "rmse: { max: 99 }"));
}

async function train(scratch: Scratch): Promise<Trained> {
  const told = await scratch.facts<{ directory: string; notes: string[] }>(["train", "noise"]);
  const read = (file: string) => JSON.parse(readFileSync(join(scratch.root, told.directory, file), "utf8"));
  return { evaluation: read("evaluation.json"), verdict: read("verdict.json"), told };
}

const r2Of = ({ evaluation }: Trained) => evaluation.metrics.find(({ metric }) => metric === "r2")!.candidate!;

test("who learned rows by heart is not judged on their copies", async () => {
  using scratch = await initialised();
  const without = "SELECT * EXCLUDE (person) FROM";
  write(scratch, `${without} (${noise(3)})`);
  const few = await train(scratch);
  // Nearly all test rows are copies: too few others are left, so it may not pass quietly.
  expect(r2Of(few)).toBeGreaterThan(0.7);
  expect(few.verdict.outcome).toBe("inconclusive");
  expect(few.verdict.summary).toContain("test rows are copies of train rows");

  write(scratch, `${without} (${noise(3, 2000)})`);
  const left = await train(scratch);
  expect(left.evaluation.duplicates!.left_out + left.evaluation.rows).toBe(left.evaluation.test_rows);
  expect(left.evaluation.duplicates!.left_out / left.evaluation.test_rows!).toBeGreaterThan(0.9);
  expect(r2Of(left)).toBeLessThan(0.3);
  expect(left.verdict.outcome).toBe("fail");
  expect(left.told.notes.join("\n")).toContain("nobody is judged on them");
  const { stderr } = await scratch.mergeml("run", "noise");
  expect(stderr).toContain("copies of train rows");

  write(scratch, `${without} (${noise(3)})`, {
    thresholds: ', waive: [{ check: duplicates, until: "2999-01-01", reason: They come again }]',
  });
  expect((await train(scratch)).verdict.outcome).toBe("pass");
});

test("rows of a group stay together, and intervals count them as one", async () => {
  using scratch = await initialised();
  write(scratch, noise(3, 500), { split: ", group: person" });
  const honest = await train(scratch);
  expect(honest.evaluation.groups! * 3).toBe(honest.evaluation.rows);
  expect(honest.evaluation.duplicates).toMatchObject({ copies: 0, left_out: 0 });
  expect(honest.evaluation.features.map(({ name }) => name)).not.toContain("person");
  expect(r2Of(honest)).toBeLessThan(0.3);
  expect(honest.verdict.outcome).toBe("fail");

  // Deployed all the same, it is made again byte for byte, and its filter knows the groups.
  write(scratch, noise(3, 500), { split: ", group: person", thresholds: ", naive: warn" });
  accept(scratch);
  await scratch.facts(["run", "noise"]);
  expect(await scratch.facts(["reproduce", "noise@1"])).toMatchObject({ identical: true });
  expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });
});

test("a production that was trained on rows of a group knows the group", async () => {
  using scratch = await initialised();
  const lenient = ', naive: warn, min_test_rows: 10, waive: [{ check: duplicates, until: "2999-01-01", reason: a }]';
  // Different rows of a person, so that they are no copies.
  const query = (more = "") => `SELECT id, ${more} a + id % 3 AS a, b, y FROM (${noise(3)})`;
  write(scratch, query(), { thresholds: lenient });
  accept(scratch);
  await scratch.facts(["run", "noise"]);
  write(scratch, query("person,"), { split: ", group: person", thresholds: lenient });
  const { evaluation, verdict } = await train(scratch);
  // Of a person's three rows, production was trained on one at least, but for 0.2 ** 3 of the people.
  expect(evaluation.seen_by_production! / evaluation.test_rows!).toBeGreaterThan(0.9);
  expect(evaluation.rows % 3).toBe(0);
  expect(verdict.outcome).toBe("inconclusive");
});
