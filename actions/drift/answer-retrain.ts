import type { LoadedModel } from "../../pipelines/config/load-models.ts";
import { dropRetrain, pushRetrain, type RetrainSetting, readRetrainFacts } from "../../pipelines/open-retrain.ts";
import {
  decideRetrain,
  type KnownDrift,
  type RetrainDecision,
  retrainWish,
} from "../../pipelines/watch/retrain/decide-retrain.ts";
import { retrainBranch, retrainText } from "../../pipelines/watch/retrain/retrain-branch.ts";
import { durationOf } from "../../pipelines/watch/window/interval.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { GitHub } from "../shared/github/client.ts";
import {
  closeRetrain,
  findRetrainPull,
  proposeRetrain,
  type RetrainPull,
} from "../shared/github/retrain-pull-request.ts";

/** What became of a model's retrain. `branch only`: workflows may not open pull requests here. */
export type RetrainOutcome =
  | { state: "none"; reason: string }
  | { state: "open"; pull: number; changed: boolean; end: string; check: "asked for" | "known" | "forbidden" }
  | { state: "branch only"; branch: string; end: string }
  | { state: "closed"; pull: number; reason: string };

export interface RetrainQuestion {
  model: LoadedModel;
  production: number | null;
  /** null when the check failed. */
  known: KnownDrift;
  report: { title: string; body: string } | null;
  now: Date;
}

export interface Answering {
  workspace: Workspace;
  github: GitHub;
  setting: RetrainSetting;
}

/** Opens, moves on or closes a model's retrain pull request. */
export async function answerRetrain(answering: Answering, question: RetrainQuestion): Promise<RetrainOutcome> {
  const { workspace, github, setting } = answering;
  const { model, production, known, now } = question;
  const { name, drift } = model.config;
  const wish = retrainWish(model.config, { known, production, now });
  // Without a branch nothing is open: GitHub closes a pull request whose branch is gone.
  if (wish.kind !== "retrain" && !setting.branches.has(name)) return { state: "none", reason: wish.why };
  const pull = await findRetrainPull(github, name, retrainBranch(name));
  const facts = await readRetrainFacts(workspace, setting, model, wish.kind === "retrain" ? wish.window : null);
  const decision = decideRetrain({ model: name, wish, pull, stepMs: durationOf(drift.window), ...facts });
  if (decision.action === "nothing") return { state: "none", reason: decision.reason };
  if (decision.action === "propose") return propose(answering, question, decision, pull);
  if (pull) await closeRetrain(github, pull, decision.memory, `Closed by mergeml: ${decision.reason}.`);
  await dropRetrain(workspace, setting, name);
  return { state: "closed", pull: decision.pull, reason: decision.reason };
}

async function propose(
  { workspace, github, setting }: Answering,
  { model, report, known }: RetrainQuestion,
  { push, memory, pull: number }: Extract<RetrainDecision, { action: "propose" }>,
  pull: RetrainPull | null,
): Promise<RetrainOutcome> {
  const { name, features, retrain, owner } = model.config;
  const before = features.window ?? memory.window;
  const text = retrainText(memory, { before, schedule: retrain.schedule, report, owner, trial: known?.trial ?? null });
  const branch = retrainBranch(name);
  const commit = push
    ? await pushRetrain(workspace, setting, { model: name, window: memory.window, text })
    : (setting.branches.get(name) ?? null);
  if (commit === null) return { state: "none", reason: "another run is writing its retrain branch" };
  const open = number === null ? null : pull;
  const proposal = { model: name, branch, base: setting.base, commit, memory, ...text, pull: open };
  const outcome = await proposeRetrain(github, proposal);
  const { end } = memory.window;
  if (outcome.state === "forbidden") return { state: "branch only", branch, end };
  return { state: "open", pull: outcome.pull, changed: outcome.state !== "unchanged", end, check: outcome.check };
}
