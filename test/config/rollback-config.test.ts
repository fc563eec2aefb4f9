import { expect, test } from "vitest";
import { describeChange } from "../../pipelines/config/describe-change.ts";
import type { RollbackConfig } from "../../pipelines/config/model-config.ts";
import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText } from "./example-model.ts";
import { type Mistake, saidAbout } from "./mistakes.ts";

const parse = modelParser(exampleParts);

function rollbackOf(block: string, defaults = {}): RollbackConfig | null {
  const parser = modelParser({ ...exampleParts, defaults });
  const { config, problems } = parser(`${exampleText}${block}`, "model.yaml");
  expect(problems).toEqual([]);
  return config!.rollback;
}

const off = { error_rate: null, outside_reference: null, worse_than_previous: false };

test.each<[string, string, RollbackConfig | null]>([
  ["nothing is off", "", null],
  ["an empty block is off", "rollback: {}", null],
  ["no condition is off", "rollback: { when: { worse_than_previous: false }, min_rows: 50 }", null],
  ["a percentage", "rollback: { when: { error_rate: 5% } }", { when: { ...off, error_rate: 0.05 }, min_rows: 200 }],
  [
    "a fraction of one",
    "rollback: { when: { error_rate: 0.5% } }",
    { when: { ...off, error_rate: 0.005 }, min_rows: 200 },
  ],
  ["zero: not one", "rollback: { when: { error_rate: 0% } }", { when: { ...off, error_rate: 0 }, min_rows: 200 }],
  [
    "a number",
    "rollback: { when: { outside_reference: 0.2 } }",
    { when: { ...off, outside_reference: 0.2 }, min_rows: 200 },
  ],
  [
    "all of them and rows of its own",
    "rollback: { when: { error_rate: 5%, outside_reference: 20%, worse_than_previous: true }, min_rows: 50 }",
    { when: { error_rate: 0.05, outside_reference: 0.2, worse_than_previous: true }, min_rows: 50 },
  ],
])("%s", (_title, block, config) => {
  expect(rollbackOf(block)).toEqual(config);
});

test("the repository's defaults are inherited key by key, and min_rows follows drift.min_rows", () => {
  const defaults = { rollback: { when: { error_rate: "5%", worse_than_previous: true } }, drift: { min_rows: 30 } };
  expect(rollbackOf("", defaults)).toEqual({
    when: { ...off, error_rate: 0.05, worse_than_previous: true },
    min_rows: 200,
  });
  expect(rollbackOf("rollback: { when: { error_rate: 1%, worse_than_previous: false } }", defaults)).toEqual({
    when: { ...off, error_rate: 0.01 },
    min_rows: 200,
  });
});

test.each<Mistake>([
  [
    "a share above 100%",
    "resources: {",
    "rollback: { when: { error_rate: 120% } }\nresources: {",
    '29:33+4 rollback.when.error_rate must be a share below 100%, such as 5%, or the number 0.05, not "120%"',
  ],
  [
    "a number of per cent",
    "resources: {",
    "rollback: { when: { error_rate: 5 } }\nresources: {",
    "29:33+1 rollback.when.error_rate must be a share below 100%, such as 5%, or the number 0.05, not 5",
  ],
  [
    "an unknown condition",
    "resources: {",
    "rollback: { when: { eror_rate: 5% } }\nresources: {",
    "29:21+9 rollback.when.eror_rate is not a known key | did you mean error_rate?",
  ],
  [
    "a condition that is not a choice",
    "resources: {",
    "rollback: { when: { worse_than_previous: 5% } }\nresources: {",
    '29:42+2 rollback.when.worse_than_previous must be true or false, not "5%"',
  ],
])("%s", (...mistake: Mistake) => {
  expect(saidAbout(mistake)).toEqual(mistake.slice(3));
});

test("a model whose record is older than the block is not told as changed", () => {
  const { config } = parse(exampleText, "model.yaml");
  const { rollback: _, ...earlier } = config!;
  expect(describeChange(earlier as typeof config & object, config!, "SELECT 1", "SELECT 1")).toEqual([]);
});
