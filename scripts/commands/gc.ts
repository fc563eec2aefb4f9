import { collectGarbage } from "../../pipelines/collect-garbage.ts";
import { formatCount } from "../../pipelines/statistics/format-number.ts";
import type { Command } from "../cli/command.ts";
import { wholeNumber } from "../cli/option-values.ts";

export const gc: Command = {
  description:
    "Deletes datasets that no registered version and no open candidate refers to, after a grace period (gc_grace_days in mergeml.yaml, 7 by default), with candidates and cached steps older than that. When the registry cannot be read, nothing is deleted.",
  positionals: { min: 0, max: 0 },
  options: {
    "dry-run": { type: "boolean", description: "Only say what would be deleted" },
    "grace-days": { type: "string", value: "N", description: "Keep what is younger than N days" },
  },
  examples: [
    { command: "mergeml gc --dry-run", shows: "what would go" },
    { command: "mergeml gc --grace-days 1", shows: "a shorter grace period" },
  ],
  async run({ flag, option, workspace }) {
    const opened = await workspace();
    const graceDays = wholeNumber("grace-days", option("grace-days")) ?? opened.repository.gc_grace_days;
    const garbage = await collectGarbage(opened, { dryRun: flag("dry-run"), graceDays });
    const verb = garbage.dry_run ? "would delete" : "deleted";
    const lines = garbage.datasets.map(
      ({ fingerprint, bytes }) => `  ${fingerprint}  ${formatCount(Math.ceil(bytes / 1024))} kB`,
    );
    const summary = `${verb} ${garbage.datasets.length} datasets (${formatCount(Math.ceil(garbage.bytes / 1024))} kB), ${garbage.candidates.length} candidates, ${garbage.cache_files} cached steps; ${garbage.kept} datasets kept`;
    return { text: [...lines, summary].join("\n"), data: garbage };
  },
};
