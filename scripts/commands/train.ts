import { relative } from "node:path";
import { buildCandidate } from "../../pipelines/build-candidate.ts";
import { writeCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { keepOutcome } from "../../pipelines/candidate/outcome-file.ts";
import { readModel } from "../../pipelines/workspace/workspace.ts";
import type { Command } from "../cli/command.ts";
import { tellBuild } from "../cli/tell-build.ts";

export const train: Command = {
  description:
    "Runs the feature query, its checks and the split, trains, and evaluates against production on the same test rows. Writes a candidate directory; nothing in the registry changes. Steps whose inputs did not change come from the cache.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [
    { command: "mergeml train diamond-price", shows: "a candidate under .mergeml/candidates/diamond-price/" },
    { command: "mergeml train diamond-price --no-cache", shows: "every step again" },
  ],
  async run({ positionals: [name = ""], workspace, directory }) {
    const opened = await workspace();
    const built = await keepOutcome(opened, name, async (followed) => {
      const model = await readModel(followed, name);
      const snapshot = await followed.registry.snapshot({ fetch: true });
      return buildCandidate(followed, model, snapshot, { evenIfUnchanged: true });
    });
    if (built.state === "checks-failed" || built.state === "unchanged") return tellBuild(built);
    const written = relative(directory, await writeCandidate(opened.root, built.candidate));
    const { record, verdict } = built.candidate;
    const lines = [
      `candidate  ${written}`,
      `gate       ${verdict.outcome}: ${verdict.summary}`,
      `next       mergeml report ${written}`,
    ];
    return {
      text: lines.join("\n"),
      data: { candidate: record.id, directory: written, outcome: verdict.outcome, summary: verdict.summary },
    };
  },
};
