import { checkDrift } from "../../pipelines/check-drift.ts";
import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { driftReports } from "../../pipelines/report/drift/drift-report.ts";
import {
  renderDriftDetails,
  renderDriftFailure,
  renderDriftTable,
} from "../../pipelines/report/drift/drift-terminal.ts";
import { tryRetrain } from "../../pipelines/try-retrain.ts";
import type { DriftEntry } from "../../pipelines/watch/drift/model-drift.ts";
import { inEnvironment } from "../../pipelines/workspace/in-environment.ts";
import { type Command, windowOptions } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";
import { writeOutput } from "../cli/write-output.ts";

export const drift: Command = {
  description:
    "Compares the last windows of live data with what the models in production were trained on; without names, all of them. The rows come from drift.query, the prediction log, or the feature query on the window. Nothing is remembered from run to run: the last eight windows are computed again, or taken from the cache. Exit codes: 0 no model drifts, 1 one drifts in its newest window, 5 none drifts and one gets no rows any more, 4 none of these and one has too few rows to tell, 2 or 3 one could not be checked; the others are told all the same.",
  positionals: { min: 0, max: Infinity },
  options: {
    environment: {
      type: "string",
      value: "name",
      description:
        "Of what runs there, one of `environments` in mergeml.yaml, with the prediction log of its name; production by default",
    },
    now: { type: "string", value: "time", description: "Look at the windows before this moment, UTC: 2001-06-15" },
    window: { type: "string", value: "7d", description: "Length of a window, instead of drift.window: 12h, 7d, 4w" },
    report: { type: "string", value: "file.md", description: "Also write the report as Markdown, with charts" },
    html: {
      type: "string",
      value: "file.html",
      description: "Also write it with pictures: one file that opens offline",
    },
  },
  examples: [
    { command: "mergeml drift", shows: "all models in production, worst first" },
    {
      command: "mergeml drift flight-delay --now 2001-06-04",
      shows: "what moved, how the last windows were, what to do",
    },
    { command: "mergeml drift flight-delay --report drift.md", shows: "the same as Markdown, as an issue has it" },
    { command: "mergeml drift --json", shows: "the same facts for machines" },
  ],
  async run(input) {
    const checkout = await input.workspace();
    const environment = knownEnvironment(input.option("environment") ?? "production", checkout.repository.environments);
    const opened = inEnvironment(checkout, environment);
    const entries = await checkDrift(opened, input.positionals, {
      ...windowOptions(input, opened.clock),
      ...(environment === "production" && { tryRetrain }),
    });
    const report = input.option("report");
    if (report !== undefined) await writeOutput("--report", report, driftReports(entries), input.directory);
    const page = input.option("html");
    if (page !== undefined) {
      const { driftPage } = await import("../../pipelines/report/html/drift-page.ts");
      await writeOutput("--html", page, await driftPage({ models: entries }), input.directory);
    }
    const asked = input.positionals.length > 0;
    return { code: codeOf(entries, asked), text: tell(entries, environment, input.width), data: { models: entries } };
  },
};

function tell(entries: readonly DriftEntry[], environment: string, width: number): string {
  const [first] = entries;
  if (!first) return `nothing is in ${environment}. Start with: mergeml run <model>`;
  if (entries.length > 1) return renderDriftTable(entries, width);
  return first.outcome === "error" ? renderDriftFailure(first) : renderDriftDetails(first, width);
}

/** The worst: what could not be checked, then drift, then silence, then too few rows. A model nobody can watch counts when it was asked for. */
function codeOf(entries: readonly DriftEntry[], asked: boolean): number {
  const kinds = entries.flatMap((entry) => (entry.outcome === "error" ? [entry.error.kind] : []));
  for (const kind of ["bug", "environment", "user"] as const) if (kinds.includes(kind)) return exitCodes[kind];
  if (asked && kinds.includes("unwatched")) return exitCodes.user;
  const outcomes = entries.map(({ outcome }) => outcome);
  if (outcomes.includes("drift")) return exitCodes.gateSaidNo;
  if (outcomes.includes("silent")) return exitCodes.silent;
  return outcomes.includes("too few rows") ? exitCodes.tooFewRows : exitCodes.done;
}
