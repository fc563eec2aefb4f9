import type { FileChange } from "./git/commits.ts";
import type { Git } from "./git/git.ts";
import { type IndexRow, readIndexRows, renderIndex } from "./index-page.ts";
import { indexFile } from "./paths.ts";

/** The index as it will be once `model`'s row is what `change` makes of it. */
export interface IndexEditor {
  after(change: Partial<Omit<IndexRow, "model">>): FileChange;
}

/** Reads the rows at `tip` once; each `after` builds on the ones before it. */
export async function editIndex(git: Git, tip: string, model: string): Promise<IndexEditor> {
  const rows = await readIndexRows(git, tip);
  const others = rows.filter((row) => row.model !== model);
  let row = rows.find((each) => each.model === model) ?? { model, versions: 0, production: null, challenger: null };
  return {
    after(change) {
      row = { ...row, ...change };
      return { path: indexFile, content: renderIndex([...others, row]) };
    },
  };
}
