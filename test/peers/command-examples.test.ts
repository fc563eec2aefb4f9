import { cpSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeScratch } from "../scratch.ts";
import { makeEnvironment } from "./virtual-environment.ts";

const root = join(import.meta.dirname, "../..");
const examples = ["lightgbm", "sklearn", "xgboost"];
let bin: string;

beforeAll(() => {
  const requirements = examples.map((name) => `../../models/examples/${name}/requirements.txt`);
  bin = dirname(makeEnvironment("peer-examples", ...requirements));
});

describe("the examples in Python", () => {
  it.each(examples)("%s meets its threshold, and trains the same bytes again", async (example) => {
    using scratch = makeScratch();
    scratch.env.PATH = `${bin}:${scratch.env.PATH}`;
    cpSync(join(root, "models/examples", example), join(scratch.root, "models", example), { recursive: true });
    for (const data of ["@observablehq/sample-datasets/diamonds.csv", "vega-datasets/data/birdstrikes.csv"])
      cpSync(join(root, "node_modules", data), join(scratch.root, "data", basename(data)));
    await scratch.facts(["init"]);
    expect(await scratch.facts(["run", example])).toMatchObject({ state: "deployed", version: 1 });
    expect(await scratch.facts(["reproduce", `${example}@1`])).toMatchObject({ identical: true });
  });
});
