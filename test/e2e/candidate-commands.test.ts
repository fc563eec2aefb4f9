import { existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deployed, flatsCsv, makeScratch, modelYaml, type Scratch } from "../scratch.ts";

interface Trained {
  candidate: string;
  directory: string;
  outcome: string;
}

const worse = modelYaml({ params: "{ trees: 2, max_leaves: 2 }" });
const better = modelYaml({ params: "{ trees: 20, max_leaves: 8 }" });
const best = modelYaml({ params: "{ trees: 40, max_leaves: 8 }" });

describe("a candidate, command by command", () => {
  it("is trained, gated, reported, registered and promoted, each by its own command", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", better);
    const trained = await scratch.facts<Trained>(["train", "rent"]);
    expect(trained.outcome).toBe("pass");
    expect(await scratch.facts(["gate", trained.directory])).toMatchObject({ verdict: { outcome: "pass" } });
    expect((await scratch.mergeml("report", "rent")).stdout).toMatch(/^## mergeml: rent can ship/);
    expect(await scratch.facts(["register", trained.candidate])).toMatchObject({ version: 2, promoteCommit: null });
    expect(await scratch.facts(["plan"])).toMatchObject({
      models: [{ state: "registered", production: 1, version: 2 }],
    });
    expect(await scratch.facts(["promote", "rent"])).toMatchObject({ from: 1, to: 2 });
    expect(await scratch.facts(["rollback", "rent", "--to", "1"])).toMatchObject({ from: 2, to: 1 });
    expect(await scratch.facts(["show", "rent"])).toMatchObject({ version: 1, in_production: true });
    const diff = await scratch.mergeml("diff", "rent@1", "rent@2");
    expect(diff.stdout).toContain("params.trees");
    expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });
  });

  it("is refused by register when it did not pass", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", worse);
    await scratch.facts(["train", "rent"]);
    expect((await scratch.mergeml("gate", "rent")).code).toBe(1);
    const told = await scratch.mergeml("register", "rent", "--promote");
    expect(told.code).toBe(2);
    expect(told.stderr).toContain("did not pass the gate");
    expect(await scratch.facts(["status"])).toMatchObject({ models: [{ production: 1 }] });
  });

  it("is judged again when production changed after its gate", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", better);
    const early = await scratch.facts<Trained>(["train", "rent"]);
    scratch.write("models/rent/model.yaml", best);
    await scratch.facts(["run", "rent"]);
    const told = await scratch.mergeml("register", early.directory, "--promote");
    expect(told.code).toBe(2);
    expect(told.stderr).toMatch(/production/);
    expect(await scratch.facts(["status"])).toMatchObject({ models: [{ production: 2 }] });
    expect(await scratch.facts(["gate", early.directory], 1)).toMatchObject({
      evaluation: { baseline: { version: 2 } },
    });
  });

  it("is refused when its model.onnx is not what was evaluated", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", better);
    const { directory } = await scratch.facts<Trained>(["train", "rent"]);
    const file = join(scratch.root, directory, "model.onnx");
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    const told = await scratch.mergeml("register", directory);
    expect(told.code).toBe(2);
    expect(told.stderr).toContain("is not the model that was evaluated");
  });

  it.each([
    {
      title: "a failed data check",
      change: (s: Scratch) =>
        s.write("models/rent/model.yaml", modelYaml({ features: "  checks: [ { column: size, between: [10, 90] } ]" })),
      told: /the data check size between .+ failed/,
    },
    {
      title: "a query error",
      change: (s: Scratch) => s.write("models/rent/features.sql", "SELECT sise FROM 'flats.csv'"),
      told: /Stopped at features.+sise/s,
    },
    {
      title: "a config error",
      change: (s: Scratch) => s.write("models/rent/model.yaml", modelYaml({ params: "{ tress: 3 }" })),
      told: /Stopped at reading the config.+tress/s,
    },
  ])("is reported when $title stopped it", async ({ change, told }) => {
    using scratch = await deployed();
    change(scratch);
    expect((await scratch.mergeml("train", "rent")).code).toBeGreaterThan(0);
    expect((await scratch.mergeml("report", "rent")).stdout).toMatch(told);
  });
});

describe("same inputs, same bytes", () => {
  it.each(["linear", "neural-network"])("whatever the order of the rows, for %s too", async (type) => {
    using scratch = makeScratch({ remote: false });
    scratch.write("models/rent/model.yaml", modelYaml({ type, params: type === "linear" ? "{}" : "{ epochs: 3 }" }));
    const modelOf = ({ directory }: Trained) => readFileSync(join(scratch.root, directory, "model.onnx"));
    const first = await scratch.facts<Trained>(["train", "rent"]);
    const bytes = modelOf(first);
    const [header, ...rows] = flatsCsv().trim().split("\n");
    scratch.write("data/flats.csv", [header, ...rows.reverse(), ""].join("\n"));
    expect(modelOf(await scratch.facts<Trained>(["train", "rent", "--no-cache"]))).toEqual(bytes);
  });

  it("gives the same candidate for rows in another order, and after the cache is gone", async () => {
    using scratch = await deployed();
    const first = await scratch.facts<Trained>(["train", "rent"]);
    const [header, ...rows] = flatsCsv().trim().split("\n");
    scratch.write("data/flats.csv", [header, ...rows.reverse(), ""].join("\n"));
    expect(await scratch.facts<Trained>(["train", "rent", "--no-cache"])).toEqual(first);
    expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true, data: "query" });
  });
});

describe("the cache", () => {
  it("goes on from the last good step", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/model.yaml", better);
    await scratch.facts<Trained>(["train", "rent"]);
    const told = await scratch.mergeml("train", "rent");
    expect(told.stderr).toMatch(/train +gradient-boosting/);
    scratch.write("models/rent/model.yaml", `${better}  always: { mae: { max: 0.001 } }\n`);
    expect(await scratch.facts(["train", "rent"])).toMatchObject({ outcome: "fail" });
  });

  it("is not trusted when it is damaged", async () => {
    using scratch = await deployed();
    const cache = join(scratch.root, ".mergeml", "cache");
    for (const step of ["features", "train", "evaluate"]) {
      for (const file of readdirSync(join(cache, step)).filter((name) => name.endsWith(".json")))
        writeFileSync(join(cache, step, file), '{"half":');
    }
    expect(await scratch.facts(["train", "rent"])).toMatchObject({ outcome: expect.any(String) });
  });
});

describe("committed results", () => {
  it.each([".mergeml/cache/train/planted.bin", ".mergeml/store/datasets/planted.parquet"])(
    "%s is refused",
    async (path) => {
      using scratch = makeScratch();
      scratch.write(path, "planted");
      scratch.git("add", "--force", path);
      const told = await scratch.mergeml("plan");
      expect(told.code).toBe(2);
      expect(told.stderr).toContain(`${path} is committed, but what mergeml computes is never taken from git`);
    },
  );

  it("is refused when .mergeml is a link", async () => {
    using scratch = makeScratch();
    symlinkSync("/tmp", join(scratch.root, ".mergeml"));
    scratch.git("add", "--force", ".mergeml");
    expect((await scratch.mergeml("plan")).code).toBe(2);
  });
});

describe("gc", () => {
  it("deletes what nothing refers to after the grace period, and keeps what a version refers to", async () => {
    using scratch = await deployed();
    scratch.write("models/rent/features.sql", "SELECT id, size, city, rent FROM 'flats.csv'\n");
    scratch.write("models/rent/model.yaml", `${better}  allow_breaking: true\n`);
    await scratch.mergeml("train", "rent");
    expect(await scratch.facts(["gc"])).toMatchObject({ datasets: [], candidates: [] });
    age(scratch, 30);
    const dry = await scratch.facts<{ datasets: unknown[]; kept: number }>(["gc", "--dry-run"]);
    expect(dry.datasets.length).toBeGreaterThan(0);
    expect(await scratch.facts(["gc"])).toMatchObject({ datasets: dry.datasets, kept: dry.kept });
    expect(await scratch.facts(["gc"])).toMatchObject({ datasets: [], kept: 3 });
    scratch.write("models/rent/features.sql", "SELECT id, size, rooms, city, rent FROM 'flats.csv'\n");
    scratch.write("models/rent/model.yaml", modelYaml());
    expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true });
  });

  it("deletes nothing when the registry cannot be read", async () => {
    using scratch = await deployed();
    age(scratch, 30);
    scratch.git("remote", "set-url", "origin", join(scratch.folder, "gone.git"));
    expect((await scratch.mergeml("gc")).code).toBe(3);
    expect(existsSync(join(scratch.root, ".mergeml", "candidates", "rent"))).toBe(true);
  });
});

/** Makes everything mergeml keeps look `days` old. */
function age({ root }: Scratch, days: number): void {
  const then = new Date(Date.now() - days * 86_400_000);
  for (const entry of readdirSync(join(root, ".mergeml"), { recursive: true, withFileTypes: true })) {
    utimesSync(join(entry.parentPath, entry.name), then, then);
  }
}
