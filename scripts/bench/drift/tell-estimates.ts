import { markdownTable } from "markdown-table";
import { tellSection } from "../page.ts";
import { estimatedKinds, runEstimates } from "./run-estimates.ts";
import type { Rate } from "./run-grid.ts";

const shifts = [0.25, 0.5];

/** Simulates windows whose features are shifted, and shows how often what was realised lies within what was estimated without labels. */
export async function tellEstimates(windows: number): Promise<void> {
  const rows: string[][] = [];
  const all: Rate = { count: 0, of: 0 };
  for (const kind of estimatedKinds) {
    for (const shift of shifts) {
      const { inside, unmoved } = await runEstimates(kind, shift, windows);
      all.count += inside.count;
      all.of += inside.of;
      rows.push([kind.name, kind.metric, String(shift), percent(inside), percent(unmoved)]);
    }
  }
  const header = ["model", "metric", "shift", "inside", "inside that of the test split"];
  const text = [
    "`npm run bench:drift -- estimates --write`. A test split of 2,000 rows, and windows of 1,000 whose first feature is shifted by so many standard deviations and whose second is more spread, while what depends on them stays the same. How often does the metric that the labels show lie within the 95% interval that was estimated without them? Goal: 93%.",
    `In ${percent(all)} of ${all.of} windows.`,
    markdownTable([header, ...rows], { align: ["l", "l", "r", "r", "r"] }),
  ].join("\n\n");
  tellSection("Estimates without labels, measured", text, "drift.md");
}

function percent({ count, of }: Rate): string {
  return `${((100 * count) / of).toFixed(1)}%`;
}
