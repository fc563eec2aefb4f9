import { readCandidate, writeCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { judgeAgain } from "../../pipelines/deploy.ts";
import { renderComparison, renderVerdict } from "../../pipelines/report/terminal/terminal-comparison.ts";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const gate: Command = {
  description:
    "Judges a candidate against its thresholds and what is in production now; it is scored again when production changed since. Exit 0 when it passes, 1 when it does not.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [
    { command: "mergeml gate diamond-price", shows: "the newest candidate of a model" },
    { command: "mergeml gate .mergeml/candidates/diamond-price/c-7d21e0a9b3f1", shows: "one candidate" },
  ],
  async run({ positionals: [reference = ""], workspace, directory }) {
    const opened = await workspace();
    const candidate = await readCandidate(opened.root, reference, directory);
    const snapshot = await opened.registry.snapshot({ fetch: true });
    const judged = { ...candidate, ...(await judgeAgain(opened, candidate, snapshot)) };
    await writeCandidate(opened.root, judged);
    const { verdict, evaluation } = judged;
    return {
      code: verdict.outcome === "pass" ? exitCodes.done : exitCodes.gateSaidNo,
      text: `${renderComparison(evaluation)}\n\n${renderVerdict(verdict)}`,
      data: { candidate: candidate.record.id, verdict, evaluation },
    };
  },
};
