import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FeatureSpec } from "../../../pipelines/data/table.ts";
import { OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { makeScratch, modelYaml, type Scratch } from "../../scratch.ts";

/** 8 · size + 40 · rooms + 90, whatever the city; 0 in place of what is missing. */
function rentModel(perSize = 8): Uint8Array {
  const graph = new OnnxGraph("rent");
  const zero = graph.constant("zero", { type: "float", dims: [1, 1], data: Float32Array.of(0) });
  const weighted = (feature: FeatureSpec, weight: number) => {
    const input = graph.input(feature);
    const [missing] = graph.node("IsNaN", [input]);
    const [value] = graph.node("Where", [missing!, zero, input]);
    const factor = graph.constant("weight", { type: "float", dims: [1, 1], data: Float32Array.of(weight) });
    return graph.node("Mul", [value!, factor])[0]!;
  };
  const terms = [weighted({ name: "size", kind: "number" }, perSize), weighted({ name: "rooms", kind: "number" }, 40)];
  graph.input({ name: "city", kind: "category" });
  const rest = graph.constant("rest", { type: "float", dims: [1, 1], data: Float32Array.of(90) });
  const [sum] = graph.node("Add", [terms[0]!, terms[1]!]);
  regressionHead(graph, graph.node("Add", [sum!, rest])[0]!);
  return graph.serialize();
}

const fit = `import { writeFileSync } from "node:fs";
console.log("rmse=90@1"); console.log("rmse=80@2");
writeFileSync("model.onnx", Buffer.from(MODEL, "base64"));
`;
const fitting = (model: Uint8Array) => fit.replace("MODEL", JSON.stringify(Buffer.from(model).toString("base64")));

const program = (params = "{ run: [node, fit.mjs] }") => modelYaml({ type: "command", params });

function makeProgrammed(params?: string): Scratch {
  const scratch = makeScratch();
  scratch.write("models/rent/model.yaml", program(params));
  scratch.write("models/rent/fit.mjs", fitting(rentModel()));
  scratch.git("add", ".");
  scratch.git("commit", "-q", "-m", "Train with a program");
  return scratch;
}

interface Planned {
  models: { state: string; detail: string }[];
}
const planned = async (scratch: Scratch) => (await scratch.facts<Planned>(["plan"])).models[0];

describe("a model that a program trains", () => {
  test("is deployed, stays unchanged, and is another when its script changes", async () => {
    using scratch = makeProgrammed();
    await scratch.facts(["init"]);
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed", version: 1 });
    const { stdout: report } = await scratch.mergeml("report", "rent");
    expect(report).toContain("reproducible: not proven: another program trained this; mergeml reproduce tells</sub>");
    expect(await planned(scratch)).toMatchObject({ state: "unchanged" });
    const { candidate } = JSON.parse(scratch.git("show", "origin/registry:models/rent/versions/1/version.json"));
    expect(candidate).toMatchObject({
      trainer: { name: "command", version: 1 },
      curves: [{ metric: "rmse", steps: [1, 2], values: [90, 80] }],
      environment: { program: "node fit.mjs", reproducible: expect.stringContaining("not proven") },
    });
    expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });

    scratch.write("models/rent/fit.mjs", fitting(rentModel(8.2)));
    expect(await planned(scratch)).toMatchObject({
      state: "changed",
      detail: "its program's files changed",
    });
    const { code, stdout } = await scratch.mergeml("train", "rent", "--json");
    expect(code).toBeLessThan(2);
    expect(JSON.parse(stdout).id ?? stdout).not.toBe(candidate.id);
  });

  test("is reproduced from its checkout, and told when the checkout has another script", async () => {
    using scratch = makeProgrammed();
    await scratch.facts(["init"]);
    await scratch.facts(["run", "rent"]);
    const unproven = expect.stringContaining("a program in another language trained it");
    expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true, notes: [unproven] });
    scratch.write("models/rent/fit.mjs", fitting(rentModel(8.2)));
    expect(await scratch.facts(["reproduce", "rent@1"], 1)).toMatchObject({
      identical: false,
      notes: [expect.stringMatching(/^the program's files are not those .+: git checkout [0-9a-f]{12}$/), unproven],
    });
  });

  test("whose program draws without a seed is told to be another one each time", async () => {
    using scratch = makeProgrammed();
    // ONNX's producer_version, of 8 characters.
    const draw = 'appendFileSync("model.onnx", "\\x1a\\x08" + Math.random().toFixed(6));';
    const script = fitting(rentModel()).replace("writeFileSync }", "appendFileSync, writeFileSync }");
    scratch.write("models/rent/fit.mjs", `${script}${draw}\n`);
    await scratch.facts(["init"]);
    await scratch.facts(["run", "rent"]);
    expect(await scratch.facts(["reproduce", "rent@1"], 1)).toMatchObject({ identical: false });
  });

  test("passes the smoke test, whose few rows reach the program too", async () => {
    using scratch = makeProgrammed();
    expect((await scratch.mergeml("train", "rent", "--smoke")).code).toBe(0);
  });

  test("may have its options searched, also in shards; where the program fails, the trial is lost", async () => {
    using scratch = makeProgrammed();
    for (const perSize of [7, 8, 9]) scratch.write(`models/rent/${perSize}.mjs`, fitting(rentModel(perSize)));
    scratch.write(
      "models/rent/fit.mjs",
      `import { readFileSync } from "node:fs";
      const { options } = JSON.parse(readFileSync("params.json", "utf8"));
      await import(\`./\${options.per_size}.mjs\`); if (!options.kept) process.exit(5);\n`,
    );
    const search = "search: { method: grid, space: { options.per_size: [9, 8, 7, 6] } }\n";
    scratch.write("models/rent/model.yaml", program("{ run: [node, fit.mjs], options: { kept: true } }") + search);
    await scratch.facts(["init"]);
    expect(await scratch.facts(["train", "rent", "--shard", "2/2"])).toMatchObject({ trials: 2, total: 4 });
    expect(await scratch.facts(["run", "rent"])).toMatchObject({ state: "deployed" });
    const { candidate } = JSON.parse(scratch.git("show", "origin/registry:models/rent/versions/1/version.json"));
    expect(candidate.config.params.options).toEqual({ kept: true, per_size: 8 });
    expect(candidate.trials).toMatchObject([
      { params: { "options.per_size": 9 } },
      { params: { "options.per_size": 8 }, winner: true },
      { params: { "options.per_size": 7 } },
      { params: { "options.per_size": 6 }, score: null, problem: expect.stringContaining("ended with exit code 1.") },
    ]);
    expect(await planned(scratch)).toMatchObject({ state: "unchanged" });
    expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true });
  });

  test("fails with the program's words, as the user's error", async () => {
    using scratch = makeProgrammed();
    scratch.write("models/rent/fit.mjs", 'console.error("no rows like these"); process.exit(4);\n');
    const { code, stderr } = await scratch.mergeml("train", "rent");
    expect(code).toBe(2);
    expect(stderr).toContain("node fit.mjs ended with exit code 4.");
    expect(stderr).toContain("| no rows like these");
  });
});

describe("files", () => {
  test("that are not listed change nothing; a missing or linked one is an error with its place", async () => {
    using scratch = makeProgrammed("{ run: [node, fit.mjs], files: [fit.mjs, lib/*.mjs] }");
    scratch.write("models/rent/lib/part.mjs", "export {};\n");
    await scratch.facts(["init"]);
    await scratch.facts(["run", "rent"]);
    scratch.write("models/rent/README.md", "Rents.\n");
    expect(await planned(scratch)).toMatchObject({ state: "unchanged" });
    scratch.write("models/rent/lib/part.mjs", "export {}; // changed\n");
    expect(await planned(scratch)).toMatchObject({ state: "changed" });

    scratch.write("models/rent/model.yaml", program("{ run: [node, fit.mjs], files: [fit.mjs, fit.py] }"));
    const missing = await scratch.mergeml("validate");
    expect(missing.code).toBe(2);
    expect(missing.stdout + missing.stderr).toContain('no file of models/rent is "fit.py"');
    symlinkSync("/etc/hostname", join(scratch.root, "models/rent/fit.py"));
    const linked = await scratch.mergeml("validate");
    expect(linked.stdout + linked.stderr).toContain("models/rent/fit.py is a link");
  });

  test("hidden ones, caches, model.yaml and the query are not the program's", async () => {
    using scratch = makeProgrammed();
    await scratch.facts(["init"]);
    await scratch.facts(["run", "rent"]);
    for (const path of [".env", "__pycache__/fit.pyc", "node_modules/a/index.js"])
      scratch.write(`models/rent/${path}`, "x\n");
    const thresholds = "  primary: rmse\n  first_deploy: { rmse: { max: 201 } }";
    scratch.write(
      "models/rent/model.yaml",
      modelYaml({ type: "command", params: "{ run: [node, fit.mjs] }", thresholds }),
    );
    expect(await planned(scratch)).toMatchObject({ state: "unchanged" });
  });
});
