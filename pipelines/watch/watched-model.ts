import type { LoadedModel } from "../config/load-models.ts";
import type { ModelConfig } from "../config/model-config.ts";
import { didYouMean } from "../errors/did-you-mean.ts";
import { UserError } from "../errors/user-error.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { readModels } from "../workspace/read-models.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** A version in production, and how it is to be watched. */
export interface WatchedModel {
  record: VersionRecord;
  today: Pick<ModelConfig, "owner" | "drift" | "retrain" | "rollback" | "features">;
  /** As the files are now; null when model.yaml is gone. */
  model: LoadedModel | null;
}

/**
 * The production version of a model, with the settings of today's model.yaml or, where that is gone, as they
 * were when the version was trained. Throws UserError when nothing is in production, or model.yaml is wrong.
 */
export async function watchedModel(workspace: Workspace, snapshot: Snapshot, name: string): Promise<WatchedModel> {
  const pointer = await snapshot.production(name);
  if (!pointer) throw await notInProduction(workspace, snapshot, name);
  const record = await snapshot.trusted(name, pointer.version);
  const { models, problems, names } = await readModels(workspace, [name]);
  const [model] = models;
  if (!model && names.includes(name)) throw new UserError(problems);
  const today = model?.config ?? record.candidate.config;
  const { drift } = today;
  // Records of earlier versions of mergeml lack the newer settings.
  const complete = {
    ...drift,
    query: drift.query ?? null,
    label_delay: drift.label_delay ?? "0d",
    label_share: drift.label_share ?? 0.8,
  };
  return { record, today: { ...today, drift: complete, rollback: today.rollback ?? null }, model: model ?? null };
}

/** The models in production, or those named, each once. Throws UserError when one of those is not in production. */
export async function watchedNames(
  workspace: Workspace,
  snapshot: Snapshot,
  only: readonly string[],
): Promise<string[]> {
  const deployed = await snapshot.productions();
  if (only.length === 0) return [...deployed.keys()].sort();
  for (const name of only) if (!deployed.has(name)) throw await notInProduction(workspace, snapshot, name);
  return [...new Set(only)];
}

async function notInProduction(workspace: Workspace, snapshot: Snapshot, name: string): Promise<UserError> {
  const versions = (await snapshot.models()).includes(name) ? await snapshot.versions(name) : [];
  const { names } = await readModels(workspace, []);
  const { environment } = workspace;
  const message = `${name} has nothing in ${environment}`;
  const to =
    environment === "production" ? `${name} --to ${versions.at(-1)}` : `${name}@${versions.at(-1)} --to ${environment}`;
  if (versions.length > 0) return new UserError({ message, hint: `put a version there: mergeml promote ${to}` });
  if (names.includes(name)) return new UserError({ message, hint: `train and deploy it first: mergeml run ${name}` });
  const deployed = [...(await snapshot.productions()).keys()];
  const meant = didYouMean(name, deployed);
  const listed =
    deployed.length > 0 ? `in production: ${deployed.slice(0, 10).join(", ")}` : "nothing is in production";
  return new UserError({
    message: `there is no model ${name}`,
    hint: meant ? `did you mean ${meant}? See: mergeml status` : `${listed}. See: mergeml status`,
  });
}
