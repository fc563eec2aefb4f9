import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { makeEnvironment } from "../test/peers/virtual-environment.ts";
import { type FitTable, fitAll, fitTables, medianFit, writeTables } from "./bench/fits/fit-all.ts";
import { machine, tellSection } from "./bench/page.ts";

/** Our gradient boosting beside that of three libraries on the same files, in turns; `--write` puts the table into docs/benchmarks.md, a name chooses tables. */
async function main(): Promise<void> {
  await makeEnvironment("peer-examples");
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  const wanted = fitTables.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (wanted.some(({ continuous }) => !continuous)) writeTables(folder);
  const rows = wanted.flatMap((table) => compare(folder, table));
  rmSync(folder, { recursive: true });
  const header = ["train rows", "", "fit", "processor time", "memory", "rmse", "fit / LightGBM's", "goal"];
  tellSection(
    "Fits of large tables",
    `\`npm run bench:fits -- --write\`. 31 leaves, learning rate 0.1, 255 bins, on all cores; medians of runs in turns, the time of a fit without reading the file. Processor time is that of all threads.\n\n${markdownTable([header, ...rows], { align: ["l", "l", "r", "r", "r", "r", "r", "r"] })}\n\n${machine()}\n`,
  );
}

function compare(folder: string, table: FitTable): string[][] {
  const fits = fitAll(folder, table);
  const seconds = (who: string) => medianFit(fits.get(who)!, (fit) => fit.seconds);
  return [...fits].map(([who, all]) => {
    const row = [
      table.name,
      who,
      `${seconds(who).toFixed(2)} s`,
      `${medianFit(all, (fit) => fit.processor).toFixed(2)} s`,
      `${medianFit(all, (fit) => fit.mebibytes).toFixed(0)} MiB`,
      medianFit(all, (fit) => fit.scores.rmse).toPrecision(4),
      (seconds(who) / seconds("lightgbm")).toFixed(2),
      who === "mergeml" ? `≤ ${table.goal}` : "",
    ];
    process.stdout.write(`${row.join("  ")}\n`);
    return row;
  });
}

await main();
