import { fetchAmong, type Git } from "../registry/git/git.ts";
import { openRunParser } from "./parse-run.ts";
import { type BrokenRun, readQueue } from "./run-queue.ts";
import { type RunRecord, runPath } from "./run-record.ts";

export interface ReadRuns {
  /** Newest first; those that wait to be pushed are among them. */
  runs: RunRecord[];
  broken: BrokenRun[];
  /** How many wait in the queue. */
  waiting: number;
}

/** Every run on the branch at `tip` (null: there is no branch) and in the queue, of one model when it is named. */
export async function readRuns(git: Git, tip: string | null, queue: string, model?: string): Promise<ReadRuns> {
  const [onBranch, queued] = await Promise.all([readBranch(git, tip, model), readQueue(queue)]);
  const local = queued.runs.map(({ record }) => record).filter((each) => model === undefined || each.model === model);
  const byId = new Map([...onBranch.runs, ...local].map((record) => [record.id, record]));
  const runs = [...byId.values()].sort((a, b) => compare(b.time, a.time) || compare(a.id, b.id));
  return { runs, broken: [...onBranch.broken, ...queued.broken], waiting: local.length };
}

async function readBranch(git: Git, tip: string | null, model?: string): Promise<Pick<ReadRuns, "runs" | "broken">> {
  const [runs, broken]: [RunRecord[], BrokenRun[]] = [[], []];
  const files = tip === null ? [] : await listFiles(git, tip, model);
  const parse = files.length > 0 ? openRunParser() : null;
  const blobs = files.map(({ oid }) => oid);
  await fetchAmong(git, [`${tip}:`], new Set(blobs));
  await git.objects.visit(blobs, (object, index) => {
    const file = files[index]!.path;
    const record = object ? parse!(object.content) : { problem: "it cannot be read" };
    if ("problem" in record) broken.push({ file, problem: record.problem });
    else if (runPath(record) !== file) broken.push({ file, problem: "it is not the run that its name says" });
    else runs.push(record);
  });
  return { runs, broken };
}

/** Plain files below `runs/`, with their blobs: git then looks none of them up again by its path. */
async function listFiles(git: Git, tip: string, model?: string): Promise<{ path: string; oid: string }[]> {
  const folder = model === undefined ? "runs/" : `runs/${model}/`;
  const listed = await git.text(["ls-tree", "-r", "-z", "--full-tree", tip, "--", folder]);
  return listed.split("\0").flatMap((line) => {
    const [, oid, path] = /^100644 blob ([0-9a-f]+)\t(.*\.json)$/s.exec(line) ?? [];
    return oid && path ? [{ path, oid }] : [];
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
