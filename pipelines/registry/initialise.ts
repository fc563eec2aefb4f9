import type { Branch } from "./branch.ts";
import { makeCommits } from "./git/commits.ts";
import { renderIndex } from "./index-page.ts";
import { attributesFile, formatFile, indexFile } from "./paths.ts";
import { openSnapshot } from "./snapshot.ts";
import type { Writer } from "./write-branch.ts";

/**
 * The index is merged line by line, so that reverting one model's promotion never conflicts with another's row; the next
 * write makes it anew. Models are bytes whatever git guesses.
 */
const attributes = `${indexFile} merge=union\n*.onnx binary\n`;

const firstFiles = [
  { path: formatFile, content: `${JSON.stringify({ format: 1 }, null, 2)}\n` },
  { path: attributesFile, content: attributes },
  { path: indexFile, content: renderIndex([]) },
];

export interface Initialised {
  tip: string;
  /** false when the branch was there before. */
  created: boolean;
  /** null when the registry is a local branch. */
  remote: string | null;
}

/** Creates the orphan branch, on the remote when there is one. Does nothing when it exists and is a registry. */
export async function initialise(writer: Writer): Promise<Initialised> {
  const branch = await writer.branch();
  const { remote } = branch;
  const existing = await branch.tip(true);
  if (existing !== null) return adopt(writer, branch, existing);
  const identity = await writer.identity();
  const commits = [{ message: "Create the registry\n", changes: firstFiles }];
  const [tip] = await makeCommits(writer.git, null, commits, { identity, time: writer.clock.now() });
  const moved = await branch.move(null, tip!);
  if (moved.state === "moved") return { tip: tip!, created: true, remote };
  const first = await branch.tip(true);
  if (first === null) throw moved.error;
  return adopt(writer, branch, first);
}

async function adopt(writer: Writer, { remote }: Branch, tip: string): Promise<Initialised> {
  await openSnapshot(writer, tip);
  return { tip, created: false, remote };
}
