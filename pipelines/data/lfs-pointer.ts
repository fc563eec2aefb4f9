import { open, stat } from "node:fs/promises";
import type { Problem } from "../errors/expected-error.ts";

/** Longer ones are no pointers: a pointer is three short lines. */
const mostBytes = 1024;

/** Whether a file is what Git LFS puts in the place of one that was not fetched. False when it cannot be read. */
export async function isLfsPointer(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  if (!facts?.isFile() || facts.size > mostBytes) return false;
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
  return buffer.toString("utf8", 0, bytesRead).startsWith("version https://git-lfs.github.com/spec/");
}

/** What to tell of such a file; `name` is what the user calls it. */
export function lfsProblem(name: string): Problem {
  return {
    message: `${name} is a Git LFS pointer, not the data: its content was not fetched`,
    hint: "git lfs pull   (on GitHub: actions/checkout with lfs: true)",
  };
}
