import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { readIndexRows, renderIndex } from "../../pipelines/registry/index-page.ts";
import { inputExample } from "../../pipelines/registry/mlflow-files.ts";
import { versionFiles } from "../../pipelines/registry/version-files.ts";
import { readRecord } from "../../pipelines/registry/version-record.ts";
import { type BuiltCandidate, buildCandidate, deploy, makeSandbox } from "./builders.ts";

const time = new Date(Date.UTC(2026, 10, 19, 8, 30));
const example = {
  columns: ["size", "city"],
  rows: [
    [50.5, "Bonn"],
    [null, "Ulm"],
  ],
};

function filesOf(built: BuiltCandidate, pullRequest: number | null = 41): Record<string, string> {
  const model = { file: "model.onnx", content: built.model };
  const content = { ...built, model, example, extras: {}, pullRequest };
  const { changes } = versionFiles(content, { version: 3, time, by: "Ada" });
  return Object.fromEntries(
    changes.map(({ path, content: each }) => [path.split("/").at(-1), Buffer.from(each as string).toString()]),
  );
}

const retrained = () =>
  buildCandidate({
    tag: "a",
    rmse: 29.52,
    productionRmse: 29.61,
    baseline: {
      state: "scored",
      version: 2,
      model: "sha256:2",
      features: buildCandidate({ tag: "a", rmse: 1 }).candidate.features,
      classes: [],
    },
  });

describe("a version's folder", () => {
  it("lists the hash of every other file in a sealed record", () => {
    const files = filesOf(buildCandidate({ tag: "a", rmse: 500 }));
    const record = readRecord(Buffer.from(files["version.json"]!), "rent", 3);
    expect(Object.keys(record.files)).toEqual(
      Object.keys(files)
        .filter((name) => name !== "version.json")
        .sort(),
    );
    for (const [name, hash] of Object.entries(record.files)) expect(sha256(files[name]!)).toBe(hash);
    expect(record).toMatchObject({ registered: time.toISOString(), registered_by: "Ada", pull_request: 41 });
  });

  it("keeps numbers JSON has no form for as null, and reads back sealed", () => {
    const built = buildCandidate({ tag: "a", rmse: 500 });
    const candidate = { ...built.candidate, train_seconds: Number.NaN };
    const files = filesOf({ ...built, candidate });
    expect(readRecord(Buffer.from(files["version.json"]!), "rent", 3).candidate.train_seconds).toBeNull();
  });

  it("is the same bytes for the same version", () => {
    expect(filesOf(retrained())).toEqual(filesOf(retrained()));
  });
});

describe("MLmodel", () => {
  it("is YAML with the model's signature, whatever the columns are called", () => {
    const built = buildCandidate({ tag: "a", rmse: 500 });
    const name = 'Cost: "Total" $\n- ☃ #';
    const candidate = {
      ...built.candidate,
      features: [
        { name, kind: "boolean" as const },
        { name: "city", kind: "category" as const },
      ],
    };
    const read = parse(filesOf({ ...built, candidate }).MLmodel!);
    expect(JSON.parse(read.signature.inputs)).toEqual([
      { type: "double", name, required: true },
      { type: "string", name: "city", required: true },
    ]);
    expect(JSON.parse(read.signature.outputs)).toEqual([{ type: "float", name: "prediction", required: true }]);
    expect(read.model_uuid).toMatch(/^[0-9a-f]{32}$/);
    expect(read.utc_time_created).toBe("2026-01-01 00:00:00.000000");
    expect(read.metadata).toMatchObject({ model: "rent", version: 3, verdict: "pass" });
    expect(read.flavors.python_function).toMatchObject({
      loader_module: "mergeml_model",
      code: ".",
      data: "model.onnx",
    });
  });

  it("comes with an example that a server takes as it is", () => {
    const files = filesOf(buildCandidate({ tag: "a", rmse: 500 }));
    const split = { columns: example.columns, data: example.rows };
    expect(JSON.parse(files["input_example.json"]!)).toEqual(split);
    expect(JSON.parse(files["serving_input_example.json"]!)).toEqual({ dataframe_split: split });
  });

  it("takes its example from the first rows, null where a value is missing", () => {
    const columns = [
      { name: "size", kind: "number" as const, values: Float32Array.of(1.5, Number.NaN, 3) },
      { name: "city", kind: "category" as const, codes: Int32Array.of(1, 0, 1), levels: ["", "Bonn"] },
    ];
    expect(inputExample(columns, 2)).toEqual({
      columns: ["size", "city"],
      rows: [
        [1.5, "Bonn"],
        [null, null],
      ],
    });
    expect(inputExample(columns, 9).rows).toHaveLength(3);
  });
});

describe("MODEL_CARD.md", () => {
  it("compares with production at the time, in one table", () => {
    const card = filesOf(retrained())["MODEL_CARD.md"]!;
    expect(card).toContain("# rent, version 3\n\nMonthly rent of a flat\n\nOwner: @&zwnj;octo-org/ops");
    expect(card).toContain("On 20 test rows, against production at the time (version 2).");
    expect(card).toContain("| **rmse (less is better)** | 2,000 | 29.61 | 29.52 | −0.09 | −0.19 … +0.01 (95%) |");
    expect(card).toContain("- Pull request #41");
    expect(card).toContain("mergeml reproduce rent@3");
  });

  it("leaves production out on a first deploy", () => {
    const card = filesOf(buildCandidate({ tag: "a", rmse: 500 }), null)["MODEL_CARD.md"]!;
    expect(card).toContain("against nothing in production at the time");
    expect(card).toContain("| metric | naive | this version |");
    expect(card).not.toContain("Pull request");
  });

  it("shows what a column is called as text, never as markup or another cell", () => {
    const built = buildCandidate({ tag: "a", rmse: 500 });
    const feature = "a|b <img src=x> [x](y)\n# heading `c`";
    const candidate = { ...built.candidate, importance: [{ feature, share: 1 }] };
    const card = filesOf({ ...built, candidate })["MODEL_CARD.md"]!;
    expect(card).toContain("| a&vert;b &lt;img src=x&gt; \\[x\\](y) \\# heading \\`c\\` | 100% |");
  });
});

describe("the index", () => {
  it("has a row per model: what is in production, how good, since when, by whom", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin, git } = sandbox;
    await registry.init();
    await deploy(registry, { model: "zeta", tag: "a", rmse: 29.61 }, false);
    await deploy(registry, { tag: "a", rmse: 531.7 });
    const text = plain(["show", "registry:README.md"], origin);
    expect(text.split("\n").filter((line) => line.startsWith("|"))).toEqual([
      "| model | in production | primary | promoted | by | versions |",
      "| --- | --- | --- | --- | --- | --: |",
      "| [rent](models/rent) | [v1](models/rent/versions/1/MODEL_CARD.md) | rmse 531.7 | 2026-01-01 | Ada | 1 |",
      "| [zeta](models/zeta) | – | – | – | – | 1 |",
    ]);
    await registry.snapshot();
    expect(`${text}\n`).toBe(renderIndex(await readIndexRows(git, sandbox.tip())));
    await registry.rollback("rent");
    expect(plain(["show", "registry:README.md"], origin)).toContain("| [rent](models/rent) | – | – | – | – | 1 |");
  });
});
