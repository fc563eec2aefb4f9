import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAside } from "../workspace/write-aside.ts";
import { mostRunBytes, openRunParser } from "./parse-run.ts";
import { type RunRecord, runFileName, runId } from "./run-record.ts";

/** A file that holds no run, and why it is passed over. */
export interface BrokenRun {
  file: string;
  problem: string;
}

export interface QueuedRun {
  file: string;
  record: RunRecord;
}

/** Where runs wait to be pushed. */
export function queueFolder(root: string): string {
  return join(root, ".mergeml", "runs");
}

/** A run as it lies in a file. */
export function runText(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Puts a run where the next push finds it. */
export async function queueRun(root: string, record: RunRecord): Promise<void> {
  await writeAside(join(queueFolder(root), runFileName(record)), runText(record));
}

/** The runs of a queue, which may come from another job: only plain files of the right shape whose content gives their id. */
export async function readQueue(folder: string): Promise<{ runs: QueuedRun[]; broken: BrokenRun[] }> {
  const names = await readdir(folder).catch(() => []); // no queue: nothing waits
  const parse = names.length > 0 ? openRunParser() : null;
  const [runs, broken]: [QueuedRun[], BrokenRun[]] = [[], []];
  for (const name of names.filter((each) => each.endsWith(".json")).sort()) {
    const file = join(folder, name);
    const content = await readPlain(file);
    const record = typeof content === "string" ? { problem: content } : parse!(content);
    if ("problem" in record) broken.push({ file, problem: record.problem });
    else if (runId(record) !== record.id) broken.push({ file, problem: "its content does not give its id" });
    else runs.push({ file, record });
  }
  return { runs, broken };
}

/** Takes runs off the queue; one that another process took off is fine. */
export async function dequeue(runs: readonly QueuedRun[]): Promise<void> {
  for (const { file } of runs) await rm(file, { force: true });
}

/** The file's bytes, or why they are not read. */
async function readPlain(file: string): Promise<Buffer | string> {
  try {
    const facts = await lstat(file);
    if (!facts.isFile()) return "it is not a plain file";
    if (facts.size > mostRunBytes) return `it has ${facts.size} bytes; at most ${mostRunBytes}`;
    return await readFile(file);
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`;
  }
}
