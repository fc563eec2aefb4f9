import { hasFile, readObject } from "./git/objects.ts";
import { workflowFile } from "./version-record.ts";
import { type Writer, writeBranch } from "./write-branch.ts";

/**
 * Changes the workflow on the registry branch, of which `change` is given the text. Returns the commit; null when there is no
 * workflow, or nothing to change.
 */
export function changeWorkflow(
  writer: Writer,
  message: string,
  change: (text: string) => string,
): Promise<string | null> {
  return writeBranch(writer, async ({ tip }) => {
    const before = (await hasFile(writer.git, tip, workflowFile))
      ? (await readObject(writer.git, `${tip}:${workflowFile}`)).toString("utf8")
      : null;
    const content = before === null ? null : change(before);
    const same = content === null || content === before;
    const commits = same ? [] : [{ message: `${message}\n`, changes: [{ path: workflowFile, content }] }];
    return { commits, result: (ids) => ids.at(-1) ?? null };
  });
}
