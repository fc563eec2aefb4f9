import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { UserError } from "../errors/user-error.ts";
import { isForeignTable, refuseForeign } from "./locate-data.ts";

const readable = /\.(csv|tsv|parquet|jsonl|ndjson)(\.(gz|zst))?$/i;
const skipped = new Set(["node_modules", ".git", ".mergeml", ".github", "models"]);
const maxDepth = 3;

/** Files of a repository, relative to its root, sorted; folders deeper than three levels are left alone. */
async function findFiles(root: string, folder = root, depth = 0): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return [relative(root, path)];
      const enter = entry.isDirectory() && !skipped.has(entry.name) && depth < maxDepth;
      return enter ? findFiles(root, path, depth + 1) : [];
    }),
  );
  return found.flat().sort();
}

/**
 * The only data file; null when there is none. Throws UserError when there are several to choose from, or only one that queries
 * cannot read.
 */
export async function onlyDataFile(root: string): Promise<string | null> {
  const all = await findFiles(root);
  const files = all.filter((file) => readable.test(file));
  if (files.length === 0) refuseForeign(all.find(isForeignTable) ?? "");
  if (files.length <= 1) return files[0] ?? null;
  const list = files.slice(0, 10).map((file) => `  --data ${file}`);
  throw new UserError({
    message: `${files.length} data files to choose from`,
    hint: `name the one the model learns from:\n${list.join("\n")}`,
  });
}
