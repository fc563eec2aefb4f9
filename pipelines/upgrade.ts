import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { needsRun, type PlanEntry, planModels } from "./plan.ts";
import { readObject } from "./registry/git/objects.ts";
import { workflowFile } from "./registry/version-record.ts";
import { givePermissions } from "./scaffold/caller-permissions.ts";
import { callsOf, moveWorkflow, type ToolRepository, toolOf } from "./scaffold/tool-source.ts";
import type { Workspace } from "./workspace/workspace.ts";
import { writeAside } from "./workspace/write-aside.ts";

/** A workflow that uses another mergeml than it will. */
interface MovedWorkflow {
  /** From the top of the repository; on the registry branch, from its root. */
  path: string;
  before: string;
  after: string;
}

/** What an upgrade would do. */
export interface UpgradePlan {
  to: ToolRepository;
  /** What the workflows use now, as owner/name@ref. */
  from: readonly string[];
  workflows: readonly MovedWorkflow[];
  /** That of the registry branch, which is changed there. */
  registry: MovedWorkflow | null;
  /** Models that this version of mergeml would train again, and why. */
  retrained: readonly PlanEntry[];
}

const folder = ".github/workflows";

/** Plans to move a repository's workflows, and that of its registry branch, to a release. Nothing is written. */
export async function planUpgrade(workspace: Workspace, to: ToolRepository): Promise<UpgradePlan> {
  const opened = workspace.registry.snapshot({ fetch: true });
  const [workflows, registry, { entries }] = await Promise.all([
    callersOf(await workspace.git.root()),
    registryWorkflowOf(workspace, (await opened).tip),
    planModels(workspace, undefined, opened),
  ]);
  const all = [...workflows, ...(registry ? [registry] : [])];
  const names = toolNames(all);
  const moved = (each: { path: string; before: string }) => {
    return { ...each, after: givePermissions(moveWorkflow(each.before, to, names), new Set([...names, to.name])) };
  };
  const changes = ({ before, after }: MovedWorkflow) => before !== after;
  return {
    to,
    from: [...new Set(all.flatMap(({ before }) => [...toolOf(before), ...callsOf(before, names)]))].sort(),
    workflows: workflows.map(moved).filter(changes),
    registry: [registry ?? []].flat().map(moved).find(changes) ?? null,
    retrained: entries.filter(needsRun),
  };
}

/** Writes the workflows of the checkout, for a pull request, and moves that of the registry branch at once. Returns its commit. */
export async function applyUpgrade(
  workspace: Workspace,
  { to, workflows, registry }: UpgradePlan,
): Promise<string | null> {
  const top = await workspace.git.root();
  for (const { path, after } of workflows) await writeAside(join(top, path), after);
  if (registry === null) return null;
  const names = toolNames([registry]);
  const message = `Use mergeml ${to.version ?? to.ref}`;
  return workspace.registry.changeWorkflow(message, (text) => moveWorkflow(text, to, names));
}

/** The repositories that have the mergeml of these workflows: one of them says so of all. */
function toolNames(texts: readonly { before: string }[]): Set<string> {
  return new Set(texts.flatMap(({ before }) => toolOf(before).map((each) => each.split("@")[0] ?? "")));
}

/** Workflows that use mergeml's, however they are called. */
async function callersOf(top: string): Promise<{ path: string; before: string }[]> {
  if (!existsSync(join(top, folder))) return [];
  const names = (await readdir(join(top, folder))).filter((name) => /\.ya?ml$/.test(name)).sort();
  const read = names.map(async (name) => ({
    path: `${folder}/${name}`,
    before: await readFile(join(top, folder, name), "utf8"),
  }));
  const texts = await Promise.all(read);
  const tools = toolNames(texts);
  return texts.filter(({ before }) => toolOf(before).length > 0 || callsOf(before, tools).length > 0);
}

async function registryWorkflowOf(
  { git }: Workspace,
  tip: string | null,
): Promise<{ path: string; before: string } | null> {
  if (tip === null) return null;
  const { code, stdout } = await git.run(["ls-tree", "--name-only", tip, "--", `:/${workflowFile}`], { allow: [128] });
  if (code !== 0 || stdout.length === 0) return null;
  return { path: workflowFile, before: (await readObject(git, `${tip}:${workflowFile}`)).toString("utf8") };
}
