import { markdownTable } from "markdown-table";
import { tellSection } from "../page.ts";
import type { Rate } from "./run-grid.ts";
import { runLateLabels } from "./run-late-labels.ts";

/** Simulates models whose positives are labelled at once and the other rows two windows later, and shows what is made of them. */
export function tellLateLabels(models: number): void {
  const { hasty, alarms, detected } = runLateLabels(models);
  const rows = [
    ["alarms of a model that is as good as it was, judged by whatever labels there are", percent(hasty)],
    ["the same, judged once 80% have arrived (`drift.label_share`)", percent(alarms)],
    ["models that broke are found by the first window whose labels have arrived", percent(detected)],
  ];
  const text = [
    `\`npm run bench:drift -- labels --write\`. ${models} classifiers with windows of 1,500 rows, whose positives are told at once and all else two windows later.`,
    markdownTable([["what", "how often"], ...rows], { align: ["l", "r"] }),
  ].join("\n\n");
  tellSection("Late labels, measured", text, "drift.md");
}

function percent({ count, of }: Rate): string {
  return `${((100 * count) / of).toFixed(1)}%`;
}
