import { describeIdentical, gateCandidate } from "../../pipelines/gate.ts";
import { renderComparison, renderVerdict } from "../../pipelines/report/terminal/terminal-comparison.ts";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const gate: Command = {
  description:
    "Judges a candidate against its thresholds and what is in production now; it is scored again when production changed since. Exit 0 when it passes, or is the very model in production so that there is nothing to decide; 1 when it does not.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [
    { command: "mergeml gate diamond-price", shows: "the newest candidate of a model" },
    { command: "mergeml gate .mergeml/candidates/diamond-price/c-7d21e0a9b3f1", shows: "one candidate" },
  ],
  async run({ positionals: [reference = ""], workspace, directory, width }) {
    const opened = await workspace();
    const { candidate, identicalTo } = await gateCandidate(opened, reference, directory);
    const { record, verdict, evaluation } = candidate;
    const isIdentical = identicalTo !== null;
    const decision = isIdentical ? describeIdentical(identicalTo) : renderVerdict(verdict);
    return {
      code: isIdentical || verdict.outcome === "pass" ? exitCodes.done : exitCodes.gateSaidNo,
      text: `${renderComparison(evaluation, width)}\n\n${decision}`,
      data: { candidate: record.id, verdict, evaluation, identical_to: identicalTo },
    };
  },
};
