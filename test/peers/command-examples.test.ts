import { cpSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeScratch } from "../scratch.ts";
import { requireR } from "./r-language.ts";
import { makeEnvironment } from "./virtual-environment.ts";

const root = join(import.meta.dirname, "../..");
const inPython = ["lightgbm", "sklearn", "xgboost"];
let bin: string;

beforeAll(() => {
  requireR();
  const requirements = inPython.map((name) => `../../models/examples/${name}/requirements.txt`);
  bin = dirname(makeEnvironment("peer-examples", ...requirements));
});

describe("the examples in Python and R", () => {
  it.each([...inPython, "r"])("%s meets its threshold, and trains the same bytes again", async (example) => {
    using scratch = makeScratch();
    scratch.env.PATH = `${bin}:${scratch.env.PATH}`;
    cpSync(join(root, "models/examples", example), join(scratch.root, "models", example), { recursive: true });
    for (const data of ["@observablehq/sample-datasets/diamonds.csv", "vega-datasets/data/birdstrikes.csv"])
      cpSync(join(root, "node_modules", data), join(scratch.root, "data", basename(data)));
    // Fewer trees are enough to meet the threshold, and to wait for.
    const yaml = readFileSync(join(root, "models/examples", example, "model.yaml"), "utf8");
    scratch.write(`models/${example}/model.yaml`, yaml.replace(/(max_iter|n_estimators): 200/, "$1: 60"));
    await scratch.facts(["init"]);
    expect(await scratch.facts(["run", example])).toMatchObject({ state: "deployed", version: 1 });
    expect(await scratch.facts(["reproduce", `${example}@1`])).toMatchObject({ identical: true });
  });
});
