import { collectGarbage, type Garbage } from "../../pipelines/collect-garbage.ts";
import { formatCount } from "../../pipelines/statistics/format-number.ts";
import { type Command, type CommandOutcome, wholeNumber } from "../cli/command.ts";

export const gc: Command = {
  description:
    "Deletes datasets that no registered version and no open candidate refers to, after a grace period (gc_grace_days in mergeml.yaml, 7 by default), with candidates, cached steps and environments of programs unused for as long. When the registry cannot be read, nothing is deleted.",
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
    return tellGarbage(await collectGarbage(opened, { dryRun: flag("dry-run"), graceDays }));
  },
};

/** What `gc` and `store gc` did, for people and machines. */
export function tellGarbage(garbage: Garbage): CommandOutcome {
  const verb = garbage.dry_run ? "would delete" : "deleted";
  const lines = garbage.datasets.map(
    ({ fingerprint, bytes }) => `  ${fingerprint}  ${formatCount(Math.ceil(bytes / 1024))} kB`,
  );
  const summary = `${verb} ${garbage.datasets.length} datasets (${formatCount(Math.ceil(garbage.bytes / 1024))} kB), ${garbage.candidates.length} candidates, ${garbage.cache_files} cached steps, ${garbage.environments.filter((path) => !path.endsWith(".json")).length} environments; ${garbage.kept} datasets kept`;
  const shared = garbage.shared.map(({ name, bytes }) => `  ${name}  ${formatCount(Math.ceil(bytes / 1024))} kB`);
  const bytes = garbage.shared.reduce((sum, each) => sum + each.bytes, 0);
  const there = `${verb} ${garbage.shared.length} items (${formatCount(Math.ceil(bytes / 1024))} kB) of the store that other machines read${garbage.leftovers > 0 ? `, and ${garbage.leftovers} interrupted uploads` : ""}`;
  const more = garbage.shared.length + garbage.leftovers > 0 ? [...shared, there] : [];
  return { text: [...lines, summary, ...more].join("\n"), data: garbage };
}
