import { renderReport } from "../../pipelines/report/render-report.ts";
import { reportEntries } from "../../pipelines/report-candidates.ts";
import type { Command } from "../cli/command.ts";
import { writeOutput } from "../cli/write-output.ts";

export const report: Command = {
  description:
    "Renders the comparison of candidates with production as one Markdown report: the verdict first, one table, why, then details on demand. Named by model, it tells what became of the last training, a failed data check or an error included.",
  positionals: { min: 1, max: Infinity },
  options: {
    output: { type: "string", short: "o", value: "file", description: "Write the Markdown to a file" },
  },
  examples: [
    { command: "mergeml report diamond-price", shows: "the newest candidate of a model" },
    { command: "mergeml report diamond-price flight-delay -o report.md", shows: "two models in one report" },
  ],
  async run({ positionals, option, workspace, directory }) {
    const opened = await workspace();
    const entries = await reportEntries(opened, positionals, directory);
    const markdown = renderReport(entries, { commit: (await opened.git.headCommit()) ?? undefined });
    const output = option("output");
    if (output) await writeOutput("--output", output, `${markdown}\n`, directory);
    return { text: output ? `written to ${output}` : markdown, data: { markdown, entries } };
  },
};
