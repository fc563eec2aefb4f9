import { columnCounts, type GridCell, referenceSizes, runRow, tellGrid } from "./bench/drift/run-grid.ts";
import { tellDependent, tellSeasons } from "./bench/drift/tell-dependent.ts";
import { tellEstimates } from "./bench/drift/tell-estimates.ts";
import { tellLateLabels } from "./bench/drift/tell-late-labels.ts";
import { tellSpeed } from "./bench/drift/tell-speed.ts";

/**
 * Measures how far the drift check can be trusted, by simulation, and how fast it is; `--write` puts the tables into
 * docs/drift.md. On the command line `speed`, `grid`, `dependent`, `seasons`, `estimates` or `labels` chooses one, and a number is the windows for each cell of
 * the grid, the years of each kind of feed, the windows of each estimate, or the models whose labels come late.
 */
async function main(words: readonly string[]): Promise<void> {
  const all = !["speed", "grid", "dependent", "seasons", "estimates", "labels"].some((part) => words.includes(part));
  const count = words.find((word) => /^\d+$/.test(word));
  if (all || words.includes("speed")) await tellSpeed();
  if (all || words.includes("grid")) measureGrid(Number(count ?? 400));
  if (all || words.includes("dependent")) tellDependent(Number(count ?? 8));
  if (all || words.includes("seasons")) await tellSeasons();
  if (all || words.includes("estimates")) await tellEstimates(Number(count ?? 25));
  if (all || words.includes("labels")) tellLateLabels(Number(count ?? 200));
}

/** Evidently judges some of the windows only: its exact tests take long. */
const compared = 40;

function measureGrid(replicates: number): void {
  const cells: GridCell[] = [];
  for (const columns of columnCounts) {
    for (const reference of referenceSizes) {
      const started = performance.now();
      cells.push(...runRow(columns, reference, { replicates, compared: Math.min(compared, replicates) }));
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      process.stderr.write(`${columns} columns, reference of ${reference} rows: ${seconds} s\n`);
    }
  }
  tellGrid(cells, replicates);
}

await main(process.argv.slice(2));
