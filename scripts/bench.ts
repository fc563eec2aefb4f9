import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable } from "markdown-table";
import { exampleCsv } from "../pipelines/scaffold/example-data.ts";
import { type Measurement, measure, medianOf } from "./bench/measure.ts";
import { machine, tellSection } from "./bench/page.ts";
import { multiplyModel } from "./bench/synthetic-registry.ts";
import { prepareScratch, type Scratch } from "./demo/scratch-repository.ts";

const product = dirname(dirname(fileURLToPath(import.meta.url)));
const mergeml = join(product, "scripts", "mergeml");

interface Row {
  what: string;
  goal: string;
  measured: Measurement;
}

/** Measures what users wait for, on this machine; `--write` puts the table into docs/benchmarks.md. */
async function main(): Promise<void> {
  const rows: Row[] = [];
  const add = (what: string, goal: string, measured: Measurement) => {
    rows.push({ what, goal, measured });
    process.stdout.write(
      `${what}: ${measured.seconds.toFixed(2)} s, ${measured.mebibytes.toFixed(0)} MiB (goal ${goal})\n`,
    );
  };
  measure(mergeml, ["--help"], product);
  add(
    "`mergeml --help`",
    "0.15 s",
    medianOf(9, () => measure(mergeml, ["--help"], product)),
  );
  await loop(add);
  await manyModels(add);
  tellSection("What users wait for", sectionOf(rows));
}

type Add = (what: string, goal: string, measured: Measurement) => void;

async function loop(add: Add): Promise<void> {
  const scratch = await prepareScratch();
  const run = (...args: string[]) => measure(mergeml, args, scratch.repository);
  run("init");
  add("`run diamond-price`, from nothing to promoted", "6 s", run("run", "diamond-price"));
  add(
    "`run diamond-price` again, nothing changed",
    "0.7 s",
    medianOf(5, () => run("run", "diamond-price")),
  );
  add("`run flight-delay`, 1,477,911 rows × 7 features", "40 s, 3072 MiB", run("run", "flight-delay"));
  add("`run bird-strike`", "–", run("run", "bird-strike"));
  add("`verify`", "–", run("verify"));
  discard(scratch);
}

async function manyModels(add: Add): Promise<void> {
  const thousand = await multiplied(1_000, 1);
  add(
    "`plan`, 1,000 models, none changed",
    "1.5 s",
    medianOf(5, () => measure(mergeml, ["plan"], thousand.repository)),
  );
  discard(thousand);
  const versions = await multiplied(10, 1_000);
  add(
    "`status`, 10,000 versions of 10 models",
    "0.3 s",
    medianOf(5, () => measure(mergeml, ["status"], versions.repository)),
  );
  const first = () => {
    rmSync(join(versions.repository, ".mergeml", "cache"), { recursive: true });
    return measure(mergeml, ["status"], versions.repository);
  };
  add("the same in a fresh clone, with nothing remembered", "–", medianOf(5, first));
  discard(versions);
}

async function multiplied(models: number, versions: number): Promise<Scratch> {
  const scratch = await prepareScratch();
  const { repository } = scratch;
  for (const name of ["diamond-price", "flight-delay", "bird-strike"])
    rmSync(join(repository, "models", name), { recursive: true });
  rmSync(join(repository, "data"), { recursive: true });
  execFileSync("mkdir", [join(repository, "data")]);
  writeFileSync(join(repository, "data", "flats.csv"), exampleCsv());
  measure(mergeml, ["init", "flats", "--data", "data/flats.csv"], repository);
  measure(mergeml, ["run", "flats"], repository);
  await multiplyModel({ root: repository, origin: join(dirname(repository), "origin.git") }, "flats", models, versions);
  measure(mergeml, ["plan"], repository);
  return scratch;
}

function discard({ repository }: Scratch): void {
  rmSync(dirname(repository), { recursive: true, force: true });
}

function sectionOf(rows: readonly Row[]): string {
  const cells = rows.map(({ what, goal, measured }) => [
    what,
    goal,
    `${measured.seconds.toFixed(2)} s`,
    `${measured.mebibytes.toFixed(0)} MiB`,
  ]);
  const table = markdownTable([["what", "goal", "time", "peak memory"], ...cells], { align: ["l", "r", "r", "r"] });
  return `\`npm run bench -- --write\`, with the real commands. Short commands: the median of several runs.\n\n${table}\n\n${machine()}\n`;
}

await main();
