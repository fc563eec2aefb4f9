import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { makeEnvironment, python, pythonOf } from "../../../test/peers/virtual-environment.ts";
import { checkLargeWindow } from "../drift/tell-speed.ts";
import { alone, besidePeer, measure, medianOf, type Row } from "../measure.ts";
import { inScratch, mergeml, multiplied, product } from "./stage.ts";

/** A model from nothing to production, and the answer when nothing changed. */
export async function commandRows(add: (row: Row) => void): Promise<void> {
  await inScratch((run) => {
    run("--help");
    const short = (...args: string[]) => medianOf(7, () => run(...args));
    add(alone("`mergeml --help`", [{ value: short("--help").seconds, unit: "s", most: 0.15 }]));
    run("init");
    const first = run("run", "diamond-price");
    add(alone("`run diamond-price`, from nothing to promoted", [{ value: first.seconds, unit: "s", most: 6 }]));
    const again = short("run", "diamond-price");
    add(alone("`run diamond-price` again, nothing changed", [{ value: again.seconds, unit: "s", most: 0.7 }]));
    const { seconds, mebibytes } = run("run", "flight-delay");
    add(
      alone("`run flight-delay`, 1,477,911 rows × 7 features", [
        { value: seconds, unit: "s", most: 40 },
        { value: mebibytes, unit: "MiB", most: 3072 },
      ]),
    );
  });
}

const models = 1_000;

/** A plan of many models none of which changed, beside a pipeline of as many stages. */
export async function modelRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peer-dvc");
  const peer = reproduce();
  const ours = await inScratch(
    (run) => {
      run("plan");
      return medianOf(5, () => run("plan")).processor;
    },
    () => multiplied(models, 1),
  );
  add(besidePeer("`plan`, 1,000 models, none changed", "CPU s", ours, { name: "`dvc repro`", value: peer }, 0.05));
}

/** As `dvc repro` leaves them, whose first run of so many stages takes a quarter of an hour and is not what is measured. */
function reproduce(): number {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const dvc = join(dirname(pythonOf("peer-dvc")), "dvc");
  measure(dvc, ["init", "--no-scm", "-q"], folder);
  const stages = Array.from({ length: models }, (_, at) => stageOf(folder, at));
  writeFileSync(join(folder, "dvc.yaml"), stringify({ stages: Object.fromEntries(stages.map((each) => each.stage)) }));
  const lock = { schema: "2.0", stages: Object.fromEntries(stages.map((each) => each.locked)) };
  writeFileSync(join(folder, "dvc.lock"), stringify(lock));
  const told = execFileSync(dvc, ["status"], { cwd: folder, encoding: "utf8", timeout: 600_000 });
  if (!told.includes("up to date")) throw new Error(`dvc takes its stages for changed: ${told.slice(0, 400)}`);
  const { processor } = medianOf(3, () => measure(dvc, ["repro", "-q"], folder));
  rmSync(folder, { recursive: true });
  return processor;
}

/** A stage that copies a small file, done. */
function stageOf(folder: string, at: number): { stage: [string, object]; locked: [string, object] } {
  const [name, input, output, text] = [`m${at}`, `in-${at}.txt`, `out-${at}.txt`, `${at}`];
  const md5 = createHash("md5").update(text).digest("hex");
  const kept = join(folder, ".dvc/cache/files/md5", md5.slice(0, 2));
  mkdirSync(kept, { recursive: true });
  for (const path of [join(folder, input), join(folder, output), join(kept, md5.slice(2))]) writeFileSync(path, text);
  const cmd = `cp ${input} ${output}`;
  const hashed = (path: string) => ({ path, hash: "md5", md5, size: text.length });
  return {
    stage: [name, { cmd, deps: [input], outs: [output] }],
    locked: [name, { cmd, deps: [hashed(input)], outs: [hashed(output)] }],
  };
}

const script = (name: string) => join(product, "scripts/bench", name);

/** What a pull request that changes a model costs, diamonds: a fit, its scores, what is compared, and the report. */
export async function pullRequestRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peers");
  await makeEnvironment("peer-evidently");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const data = [
    "@observablehq/sample-datasets/diamonds.csv",
    "vega-datasets/data/flights-3m.parquet",
    "vega-datasets/data/birdstrikes.csv",
  ];
  execFileSync(python, [script("datasets.py"), folder, ...data.map((file) => join(product, "node_modules", file))]);
  const diamonds = join(folder, "diamonds-1");
  const fit = measure(python, [script("peers/train_mlflow.py"), diamonds, folder], folder);
  const files = ["train.parquet", "test.parquet"].map((file) => join(diamonds, file));
  const drift = [script("peers/drift_evidently.py"), ...files, join(folder, "drift.html")];
  const report = measure(pythonOf("peer-evidently"), drift, folder);
  rmSync(folder, { recursive: true });
  const ours = await inScratch((run) => {
    run("init");
    return run("train", "diamond-price").processor + run("report", "diamond-price").processor;
  });
  const peer = { name: "scikit-learn + MLflow + Evidently", value: fit.processor + report.processor };
  add(besidePeer("train and report of a pull request, diamonds", "CPU s", ours, peer, 0.2));
}

/** A version registered and promoted, and what many versions cost who plans and who verifies. */
export async function registryRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peers");
  await inScratch((run, { repository }) => {
    run("init");
    run("train", "diamond-price");
    const [model = ""] = globSync(join(repository, ".mergeml/candidates/diamond-price/*/model.onnx"));
    const kept = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
    cpSync(model, join(kept, "model.onnx"));
    const ours = run("register", "diamond-price", "--promote").processor;
    const args = [join(product, "scripts/bench/peers/register_mlflow.py"), join(kept, "model.onnx"), kept];
    const peer = { name: "MLflow", value: measure(python, args, kept).processor };
    rmSync(kept, { recursive: true });
    add(besidePeer("register and promote, 53,940 rows", "CPU s", ours, peer, 0.15));
  });
  for (const models of [20, 200])
    await inScratch(
      (_, scratch) => many(add, models, scratch),
      () => multiplied(models, 50),
    );
}

function many(add: (row: Row) => void, models: number, { repository }: { repository: string }): void {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const clone = join(folder, "clone");
  execFileSync("git", ["clone", "-q", "--depth=1", `file://${join(dirname(repository), "origin.git")}`, clone]);
  const size = () => megabytesOf(join(clone, ".git"));
  const before = size();
  const { seconds } = measure(mergeml, ["plan"], clone, 0, { CI: "true" });
  add(
    alone(`\`plan\` in a fresh checkout, ${models} models × 50 versions`, [
      { value: seconds, unit: "s", most: 1.5 },
      { value: size() - before, unit: "MB", most: 10 },
    ]),
  );
  const all = measure(mergeml, ["verify"], repository);
  add(alone(`\`verify\`, ${models * 50} versions, everything`, [{ value: all.processor, unit: "CPU s" }]));
  const part = medianOf(3, () => measure(mergeml, ["verify", "--since", "origin/registry~2"], repository));
  add(alone(`\`verify\` of the last of ${models * 50} versions`, [{ value: part.seconds, unit: "s", most: 1 }]));
  const status = medianOf(3, () => measure(mergeml, ["status"], repository));
  add(alone(`\`status\`, ${models * 50} versions of ${models} models`, [{ value: status.seconds, unit: "s" }]));
  rmSync(folder, { recursive: true });
}

function megabytesOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1e6;
}

/** A window of three million rows and eight columns, checked beside Evidently's report and frouros' tests on the same files. */
export async function driftRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peer-evidently");
  await makeEnvironment("peer-frouros");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const { processor, reference, window } = await checkLargeWindow(folder);
  const files = [reference, window];
  const script = (name: string) => join(product, "scripts/bench/peers", name);
  const report = [script("drift_evidently.py"), ...files, join(folder, "drift.html")];
  const evidently = measure(pythonOf("peer-evidently"), report, folder).processor;
  const frouros = measure(pythonOf("peer-frouros"), [script("drift_frouros.py"), ...files], folder).processor;
  rmSync(folder, { recursive: true });
  const what = "drift of 3,000,000 rows × 8 columns";
  add(besidePeer(what, "CPU s", processor, { name: "Evidently", value: evidently }, 0.05));
  add(
    besidePeer(`${what}, all we look at`, "CPU s", processor, { name: "frouros (KS and chi²)", value: frouros }, 0.5),
  );
}

const query = (file: string) => `SELECT date AS departed_at, CAST(distance AS DOUBLE) AS distance, hour(date) AS hour,
  minute(date) AS minute, dayofweek(date) AS day_of_week, dayofyear(date) AS day_of_year, origin, destination FROM '${file}'`;

/** Three million flights scored from file to file. */
export async function predictionRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peers");
  await inScratch(async (run, { repository }) => {
    run("init");
    run("run", "flight-delay");
    const [input, output] = [join(repository, "next.parquet"), join(repository, "scored.parquet")];
    const flights = join(repository, "data/flights-3m.parquet");
    {
      using session = await openSession({ readable: [join(repository, "data")], writable: [input] });
      await session.run(`COPY (${query(flights)}) TO '${input}' (FORMAT parquet, COMPRESSION zstd)`);
    }
    const ours = run("predict", "flight-delay", "--input", input, "--output", output, "--force");
    const [model = ""] = globSync(join(repository, ".mergeml/candidates/flight-delay/*/model.onnx"));
    const peer = measure(
      python,
      [join(product, "scripts/bench/peers/predict_onnx.py"), model, input, output],
      repository,
    );
    const what = "`predict`, 3,000,000 rows";
    add(besidePeer(what, "s", ours.seconds, { name: "onnxruntime + pyarrow", value: peer.seconds }, null));
    add(
      alone(what, [
        { value: ours.seconds, unit: "s", most: 8 },
        { value: ours.mebibytes, unit: "MiB", most: 400 },
      ]),
    );
  });
}
