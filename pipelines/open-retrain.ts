import type { LoadedModel } from "./config/load-models.ts";
import type { Window } from "./config/model-config.ts";
import { UserError } from "./errors/expected-error.ts";
import { readObject } from "./registry/git/objects.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { earlierVersions, type RetrainBranchState, type RetrainFacts } from "./watch/retrain/decide-retrain.ts";
import {
  deleteRetrainBranch,
  fetchDefaultBranch,
  listRetrainBranches,
  modelTree,
  type RetrainText,
  readRetrainBranch,
  writeRetrainBranch,
} from "./watch/retrain/retrain-branch.ts";
import { editWindow } from "./watch/retrain/retrain-window.ts";
import { modelsAtCommit, type Workspace } from "./workspace/workspace.ts";

/** The default branch and the retrain branches of the remote, as they were when a run began. */
export interface RetrainSetting {
  remote: string;
  /** Name of the default branch. */
  base: string;
  /** Its commit: what a retrain is made on, and where the configs are read. */
  tip: string;
  snapshot: Snapshot;
  /** Commits of the retrain branches by model. */
  branches: ReadonlyMap<string, string>;
}

/** Reads what all models share; a few requests to the remote, whatever their number. */
export async function openRetrainSetting(workspace: Workspace): Promise<RetrainSetting> {
  const { git, registry, remote } = workspace;
  if (remote === null)
    throw new UserError({
      message: "this repository has no remote",
      hint: "a retrain is a branch of one: git remote add",
    });
  const { branch: base, tip } = await fetchDefaultBranch(git, remote);
  const branches = await listRetrainBranches(git, remote);
  return { remote, base, tip, branches, snapshot: await registry.snapshot({ fetch: true }) };
}

/** What git and the registry know of a model's retrain: everything a decision needs but the pull request. */
export async function readRetrainFacts(
  workspace: Workspace,
  setting: RetrainSetting,
  model: LoadedModel,
  wished: Window | null,
): Promise<Pick<RetrainFacts, "main" | "rolledBack" | "registered" | "branch">> {
  const { name, features } = model.config;
  return {
    main: features.window,
    ...(await earlierVersions(workspace.registry, setting.snapshot, model, wished)),
    branch: await branchState(workspace, setting, name),
  };
}

/** Writes the branch anew with model.yaml's window moved. null when somebody else wrote it meanwhile: they know better. */
export async function pushRetrain(
  { git, clock }: Workspace,
  { remote, tip, branches }: RetrainSetting,
  { model, window, text }: { model: string; window: Window; text: RetrainText },
): Promise<string | null> {
  const file = `models/${model}/model.yaml`;
  const before = (await readObject(git, `${tip}:${file}`)).toString("utf8");
  const modelYaml = editWindow(before, file, window);
  const expected = branches.get(model) ?? null;
  const commit = { subject: text.title, body: text.message, time: clock.now(), expected };
  return writeRetrainBranch(git, { remote, model, base: tip, modelYaml, ...commit });
}

/** Deletes the branch of a retrain that is obsolete, unless somebody wrote to it meanwhile. */
export async function dropRetrain({ git }: Workspace, setting: RetrainSetting, model: string): Promise<void> {
  const commit = setting.branches.get(model);
  if (commit) await deleteRetrainBranch(git, setting.remote, model, commit);
}

async function branchState(
  workspace: Workspace,
  setting: RetrainSetting,
  model: string,
): Promise<RetrainBranchState | null> {
  const { git } = workspace;
  const commit = setting.branches.get(model);
  if (!commit) return null;
  const { edited, base } = await readRetrainBranch(git, { remote: setting.remote, model, commit });
  if (edited || base === null) return { window: null, edited, stale: false };
  const { models } = await modelsAtCommit(workspace, commit, [model]);
  const [then, now] = [await modelTree(git, base, model), await modelTree(git, setting.tip, model)];
  return { window: models[0]?.config.features.window ?? null, edited, stale: then !== now };
}
