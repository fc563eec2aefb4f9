import { readCommits } from "../../registry/git/log.ts";
import { pointerFile } from "../../registry/paths.ts";
import type { TableEntry } from "../model-table.ts";
import type { RegistrySource } from "./registry-source.ts";

/** Writes down why each model is what it is: the subject of the commit that last changed its pointer, and who wrote it. */
export async function readReasons(
  { git, environment }: Pick<RegistrySource, "git" | "environment">,
  tip: string,
  entries: readonly TableEntry[],
): Promise<void> {
  const wanted = new Map(entries.map((entry) => [pointerFile(entry.name, environment), entry]));
  if (wanted.size === 0) return;
  for await (const { subject, author, time, changes } of readCommits(git, { tip, paths: [...wanted.keys()] })) {
    for (const { path } of changes) {
      const entry = wanted.get(path);
      if (!entry) continue;
      wanted.delete(path);
      if (entry.pair) entry.pair.production.placement.why = subject;
      else if (entry.undeployed !== null)
        entry.undeployed = `${entry.name} was taken out of ${environment} by ${author} at ${time}: ${subject}`;
    }
    if (wanted.size === 0) return;
  }
}
