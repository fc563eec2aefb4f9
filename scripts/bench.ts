import { type Row, renderRows, tellRow } from "./bench/measure.ts";
import { machine, tellSection } from "./bench/page.ts";
import {
  commandRows,
  driftRows,
  modelRows,
  predictionRows,
  pullRequestRows,
  registryRows,
} from "./bench/parts/commands.ts";
import { dashboardRows } from "./bench/parts/dashboard.ts";
import { trainerRows } from "./bench/parts/trainers.ts";
import { trustRows } from "./bench/parts/trust.ts";

type Part = (add: (row: Row) => void) => Promise<void>;

/** A part needs up to some minutes; those with a peer make its virtual environment under .cache/ first. */
const parts: Readonly<Record<string, Part>> = {
  commands: commandRows,
  "pull-request": pullRequestRows,
  registry: registryRows,
  models: modelRows,
  predict: predictionRows,
  dashboard: dashboardRows,
  drift: driftRows,
  trainers: trainerRows,
  trust: trustRows,
};

/** Measures what users wait for, beside what they would use instead: one table; words choose parts, `--write` puts it into docs/benchmarks.md. */
async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  const unknown = words.find((word) => parts[word] === undefined);
  if (unknown !== undefined) throw new Error(`no part ${unknown}; there are: ${Object.keys(parts).join(", ")}`);
  const rows: Row[] = [];
  const add = (row: Row) => {
    rows.push(row);
    tellRow(row);
  };
  for (const name of words.length > 0 ? words : Object.keys(parts)) await parts[name]!(add);
  tellSection(
    words.length === 0 ? "What users wait for" : `What users wait for: ${words.join(", ")}`,
    `\`npm run bench -- ${[...words, "--write"].join(" ")}\`, with the real commands; short ones the median of several runs. CPU s: user and system time of a command and all it starts. Goals that are missed are bold.\n\n${renderRows(rows)}\n\n${machine()}\n`,
  );
}

await main();
