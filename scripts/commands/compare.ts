import { compareChallenger } from "../../pipelines/compare-challenger.ts";
import { renderTrial } from "../../pipelines/report/terminal/comparison-table.ts";
import { type Command, knownModel, windowOptions } from "../cli/command.ts";

export const compare: Command = {
  description:
    "What the prediction log says of a challenger and of production since the trial began: rows, failures, latency and predictions, and, once labels have arrived, every metric with the interval of the difference. A shadow is compared on the same rows, as the gate compares; a split on each version's own. Labels are found as for drift, by the feature query and features.key.",
  positionals: { min: 1, max: 1 },
  options: {
    now: { type: "string", value: "time", description: "Look at what was before this moment, UTC: 2001-06-15" },
  },
  examples: [
    { command: "mergeml compare flight-delay", shows: "both side by side" },
    { command: "mergeml compare flight-delay --json", shows: "the same for machines" },
  ],
  async run(input) {
    const [name = ""] = input.positionals;
    const opened = await input.workspace();
    const snapshot = await opened.registry.snapshot({ fetch: true });
    const { now } = windowOptions(input, opened.clock);
    const comparison = await compareChallenger(opened, snapshot, await knownModel(name, snapshot), { now });
    return { text: renderTrial(comparison, input.width), data: comparison };
  },
};
