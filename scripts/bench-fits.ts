import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable } from "markdown-table";
import { medianSorted } from "simple-statistics";
import { makeEnvironment, pythonOf } from "../test/peers/virtual-environment.ts";
import { machine, tellSection } from "./bench/page.ts";

const product = dirname(dirname(fileURLToPath(import.meta.url)));
const script = (name: string) => join(product, "scripts", "bench", name);
const python = pythonOf("peer-examples");

interface Fit {
  seconds: number;
  /** User and system time of all threads. */
  processor: number;
  mebibytes: number;
  scores: { rmse: number };
}

interface Table {
  name: string;
  trees: number;
  /** Ours may take so many times LightGBM's time. */
  goal: number;
  runs: number;
  /** Train rows and columns of continuous numbers; without them the table is one that datasets.py writes. */
  continuous?: [number, number];
}

const tables: Table[] = [
  { name: "diamonds-1", trees: 200, goal: 1.5, runs: 5 },
  { name: "flights", trees: 100, goal: 1.2, runs: 3 },
  { name: "500,000 × 50", trees: 100, goal: 1.2, runs: 3, continuous: [500_000, 50] },
  { name: "100,000 × 500", trees: 100, goal: 1.2, runs: 3, continuous: [100_000, 500] },
  { name: "5,000,000 × 10", trees: 100, goal: 1.2, runs: 1, continuous: [5_000_000, 10] },
];

const peers = ["lightgbm", "xgboost", "sklearn"] as const;

/** Our gradient boosting beside that of three libraries on the same files, in turns; `--write` puts the table into docs/benchmarks.md, a name chooses tables. */
async function main(): Promise<void> {
  await makeEnvironment("peer-examples");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  const wanted = tables.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (wanted.some(({ continuous }) => !continuous)) writeTables(folder);
  const rows = wanted.flatMap((table) => compare(folder, table));
  rmSync(folder, { recursive: true });
  const header = ["train rows", "", "fit", "processor time", "memory", "rmse", "fit / LightGBM's", "goal"];
  tellSection(
    "Fits of large tables",
    `\`npm run bench:fits -- --write\`. 31 leaves, learning rate 0.1, 255 bins, on all cores; medians of runs in turns, the time of a fit without reading the file. Processor time is that of all threads.\n\n${markdownTable([header, ...rows], { align: ["l", "l", "r", "r", "r", "r", "r", "r"] })}\n\n${machine()}\n`,
  );
}

function writeTables(folder: string): void {
  const data = (name: string) => join(product, "node_modules", name);
  const sources = [
    "@observablehq/sample-datasets/diamonds.csv",
    "vega-datasets/data/flights-3m.parquet",
    "vega-datasets/data/birdstrikes.csv",
  ];
  execFileSync(python, [script("datasets.py"), folder, ...sources.map(data)], { stdio: "inherit" });
}

function compare(folder: string, { name, trees, goal, runs, continuous }: Table): string[][] {
  const place = join(folder, continuous ? continuous.join("-") : name);
  if (continuous) execFileSync(python, [script("fits/continuous.py"), place, ...continuous.map(String)]);
  const params = JSON.stringify({ trees, learning_rate: 0.1, max_leaves: 31 });
  const commands: [string, () => Fit][] = [
    ["mergeml", () => run(process.execPath, [script("fit-ours.ts"), place, "gradient-boosting", params])],
    ...peers.map((peer): [string, () => Fit] => [
      peer,
      () => run(python, [script("fits/fit_peer.py"), place, peer, String(trees)]),
    ]),
  ];
  const fits = new Map<string, Fit[]>(commands.map(([who]) => [who, []]));
  for (let turn = 0; turn < runs; turn++) for (const [who, once] of commands) fits.get(who)!.push(once());
  const seconds = (who: string) => median(fits.get(who)!, (fit) => fit.seconds);
  return commands.map(([who]) => {
    const all = fits.get(who)!;
    const ratio = seconds(who) / seconds("lightgbm");
    const row = [
      name,
      who,
      `${seconds(who).toFixed(2)} s`,
      `${median(all, (fit) => fit.processor).toFixed(2)} s`,
      `${median(all, (fit) => fit.mebibytes).toFixed(0)} MiB`,
      median(all, (fit) => fit.scores.rmse).toPrecision(4),
      ratio.toFixed(2),
      who === "mergeml" ? `≤ ${goal}` : "",
    ];
    process.stdout.write(`${row.join("  ")}\n`);
    return row;
  });
}

function median(fits: readonly Fit[], of: (fit: Fit) => number): number {
  return medianSorted(fits.map(of).sort((a, b) => a - b));
}

function run(program: string, args: readonly string[]): Fit {
  return JSON.parse(execFileSync(program, args, { encoding: "utf8", timeout: 900_000 })) as Fit;
}

await main();
