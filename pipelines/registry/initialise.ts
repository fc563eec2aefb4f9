import { UserError } from "../errors/expected-error.ts";
import { type Branch, tellElsewhere } from "./branch.ts";
import { hasFile, makeCommits } from "./git/objects.ts";
import { renderIndex } from "./index-page.ts";
import { openSnapshot } from "./snapshot.ts";
import { attributesFile, formatFile, indexFile, workflowFile } from "./version-record.ts";
import { type Writer, writeBranch } from "./write-branch.ts";

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
  /** Whether a branch that was there got the workflow that it lacked. */
  added?: true;
}

export interface InitOptions {
  /** Text of the workflow that GitHub runs on pushes to the branch; none when left out. */
  workflow?: string;
}

/** Creates the orphan branch, on the remote when there is one. Of an existing registry only a missing workflow is added. */
export async function initialise(writer: Writer, { workflow }: InitOptions = {}): Promise<Initialised> {
  const branch = await writer.branch();
  const { remote } = branch;
  const existing = await branch.tip(true);
  if (existing !== null) return adopt(writer, branch, existing, workflow);
  const elsewhere = await tellElsewhere(writer.git, branch);
  if (elsewhere) throw new UserError({ message: elsewhere, hint: "a second registry would know nothing of the first" });
  const identity = await writer.identity();
  const files = workflow === undefined ? firstFiles : [...firstFiles, { path: workflowFile, content: workflow }];
  const commits = [{ message: "Create the registry\n", changes: files }];
  const [tip] = await makeCommits(writer.git, null, commits, { identity, time: writer.clock.now() });
  const moved = await branch.move(null, tip!);
  if (moved.state === "moved") return { tip: tip!, created: true, remote };
  const first = await branch.tip(true);
  if (first === null) throw moved.error;
  return adopt(writer, branch, first, workflow);
}

async function adopt(writer: Writer, { title, remote }: Branch, tip: string, workflow?: string): Promise<Initialised> {
  if (!(await hasFile(writer.git, tip, formatFile))) throw anothersBranch(title);
  await openSnapshot(writer, tip);
  if (workflow === undefined || (await hasFile(writer.git, tip, workflowFile))) return { tip, created: false, remote };
  const added = await writeBranch(writer, async ({ tip: current }) => {
    const missing = !(await hasFile(writer.git, current, workflowFile));
    const change = { message: "Add the workflow\n", changes: [{ path: workflowFile, content: workflow }] };
    return { commits: missing ? [change] : [], result: (ids: readonly string[]) => ids.at(-1) ?? current };
  });
  return { tip: added, created: false, remote, ...(added !== tip && { added: true }) };
}

function anothersBranch(title: string): UserError {
  const message = `${title} is not a registry: it has no ${formatFile}`;
  const hint =
    "it was left as it is. Name another branch in mergeml.yaml, registry: mergeml-registry, and run mergeml init again";
  return new UserError({ message, hint });
}
