import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { medianSorted } from "simple-statistics";
import { pythonOf } from "../../../test/peers/virtual-environment.ts";

const product = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const script = (name: string) => join(product, "scripts", "bench", name);
const python = pythonOf("peer-examples");

export interface MeasuredFit {
  seconds: number;
  /** User and system time of all threads. */
  processor: number;
  mebibytes: number;
  scores: { rmse: number };
}

export interface FitTable {
  name: string;
  trees: number;
  /** Ours may take so many times LightGBM's time. */
  goal: number;
  runs: number;
  /** Train rows and columns of continuous numbers; without them the table is one that datasets.py writes. */
  continuous?: [number, number];
}

export const fitTables: readonly FitTable[] = [
  { name: "diamonds-1", trees: 200, goal: 1.5, runs: 5 },
  { name: "flights", trees: 100, goal: 1.2, runs: 3 },
  { name: "500,000 × 50", trees: 100, goal: 1.2, runs: 3, continuous: [500_000, 50] },
  { name: "100,000 × 500", trees: 100, goal: 1.2, runs: 3, continuous: [100_000, 500] },
  { name: "5,000,000 × 10", trees: 100, goal: 1.2, runs: 1, continuous: [5_000_000, 10] },
];

const peers = ["lightgbm", "xgboost", "sklearn"] as const;

export function writeTables(folder: string): void {
  const data = (name: string) => join(product, "node_modules", name);
  const sources = [
    "@observablehq/sample-datasets/diamonds.csv",
    "vega-datasets/data/flights-3m.parquet",
    "vega-datasets/data/birdstrikes.csv",
  ];
  execFileSync(python, [script("datasets.py"), folder, ...sources.map(data)], { stdio: "inherit" });
}

/** Fits of a table by us and by each peer, in turns, by name. */
export function fitAll(folder: string, { name, trees, runs, continuous }: FitTable): Map<string, MeasuredFit[]> {
  const place = join(folder, continuous ? continuous.join("-") : name);
  if (continuous) execFileSync(python, [script("fits/continuous.py"), place, ...continuous.map(String)]);
  const params = JSON.stringify({ trees, learning_rate: 0.1, max_leaves: 31 });
  const commands: [string, () => MeasuredFit][] = [
    ["mergeml", () => run(process.execPath, [script("fit-ours.ts"), place, "gradient-boosting", params])],
    ...peers.map((peer): [string, () => MeasuredFit] => [
      peer,
      () => run(python, [script("fits/fit_peer.py"), place, peer, String(trees)]),
    ]),
  ];
  const fits = new Map<string, MeasuredFit[]>(commands.map(([who]) => [who, []]));
  for (let turn = 0; turn < runs; turn++) for (const [who, once] of commands) fits.get(who)!.push(once());
  return fits;
}

export function medianFit(fits: readonly MeasuredFit[], of: (fit: MeasuredFit) => number): number {
  return medianSorted(fits.map(of).sort((a, b) => a - b));
}

function run(program: string, args: readonly string[]): MeasuredFit {
  return JSON.parse(execFileSync(program, args, { encoding: "utf8", timeout: 900_000 })) as MeasuredFit;
}
