import { renderReport } from "../../pipelines/report/render-report.ts";
import { modelOf } from "../../pipelines/report/report-entry.ts";
import { reportEntries } from "../../pipelines/report-candidates.ts";
import { scoredVersions } from "../../pipelines/report-history.ts";
import type { Command } from "../cli/command.ts";
import { writeOutput } from "../cli/write-output.ts";

export const report: Command = {
  description:
    "Renders the comparison of candidates with production as one Markdown report: the verdict first, one table, why, then details on demand. Named by model, it tells what became of the last training, a failed data check or an error included.",
  positionals: { min: 1, max: Infinity },
  options: {
    output: { type: "string", short: "o", value: "file", description: "Write the Markdown to a file" },
    html: {
      type: "string",
      value: "file.html",
      description: "Also write the report with pictures: one file that opens offline",
    },
  },
  examples: [
    { command: "mergeml report diamond-price", shows: "the newest candidate of a model" },
    { command: "mergeml report diamond-price flight-delay -o report.md", shows: "two models in one report" },
    {
      command: "mergeml report diamond-price --html report.html",
      shows: "residuals, calibration, slices, importance, data as pictures",
    },
  ],
  async run({ positionals, option, workspace, directory }) {
    const opened = await workspace();
    const entries = await reportEntries(opened, positionals, directory);
    const markdown = renderReport(entries, { commit: (await opened.git.headCommit()) ?? undefined });
    const output = option("output");
    if (output) await writeOutput("--output", output, `${markdown}\n`, directory);
    const snapshot = await opened.registry.snapshot({ fetch: false });
    const histories = await Promise.all(entries.map((entry) => scoredVersions(snapshot, modelOf(entry))));
    const page = option("html");
    if (page) {
      const { reportPage } = await import("../../pipelines/report/html/report-page.ts");
      await writeOutput("--html", page, await reportPage({ entries, histories }), directory);
    }
    const written = [output, page].filter((file) => file !== undefined);
    const text = written.length > 0 ? `written to ${written.join(" and ")}` : markdown;
    return { text, data: { markdown, entries, histories } };
  },
};
