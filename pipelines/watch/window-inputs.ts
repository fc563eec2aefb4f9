import { stat } from "node:fs/promises";
import { relative } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import type { ModelConfig } from "../config/model-config.ts";
import { readProjectFile } from "../config/project-file.ts";
import { composeFile, joinDialect } from "../data/features/compose-models.ts";
import { loadViews } from "../data/features/load-views.ts";
import { type InputFile, listInputs } from "../data/list-inputs.ts";
import { didYouMean, UserError } from "../errors/expected-error.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { readModels, type Workspace } from "../workspace/workspace.ts";
import { alpha, limits } from "./drift/drift-result.ts";
import { labelsUntil, logFiles, logFolder } from "./window/drift-window.ts";
import type { Interval } from "./window/interval.ts";

/** All that the check of one window depends on, as a key for its cached result; `labelled` is the one of its labels, if it is another. */
export type WindowInputs = (interval: Interval, labelled?: Interval | null) => Promise<unknown>;

/** Looks at what all windows of a model share once: the files its queries may read, and what is asked of them. */
export async function windowInputs(
  workspace: Workspace,
  { record, today: { drift } }: WatchedModel,
  now: Date,
): Promise<WindowInputs> {
  const { root, repository, extraData } = workspace;
  // What writers have logged since is brought here first; nothing of before the version can be its own.
  await workspace.remoteLog?.fetch(record.model, new Date(record.registered));
  const { window: _length, persist: _persist, on_drift: _answer, ...asked } = drift;
  const query = drift.query && readProjectFile(root, `models/${record.model}/${drift.query}`);
  const views =
    query && query.state === "read"
      ? viewsBehind(root, query.text, joinDialect(record.candidate.config.features.engine, repository.sources))
      : {};
  const files = await listInputs(root, repository.data, extraData);
  const folder = await logFolder(root, repository.predictions, record.model);
  const until = labelsUntil({ now, drift });
  const logged = async (interval: Interval | null | undefined) =>
    folder && interval && Promise.all((await logFiles(folder, interval)).map((file) => logInput(root, file)));
  return async (interval, labelled) => ({
    limits: { ...limits, alpha },
    record: record.digest,
    asked,
    query,
    ...views,
    files,
    log: await logged(interval),
    labelled: await logged(labelled),
    from: interval.from.toISOString(),
    to: interval.to.toISOString(),
    // Once all labels of a window are old enough the time no longer matters.
    until: until >= (labelled ?? interval).to ? null : until.toISOString(),
  });
}

/** Nothing for a query that reads none, so that what is cached of it is found again. */
function viewsBehind(root: string, text: string, dialect: ReturnType<typeof joinDialect>): { views?: unknown } {
  const { query, views } = composeFile({ path: "", text }, () => loadViews(root), dialect);
  return views.length === 0 ? {} : { views: { text: query.text, configs: views.map(({ config }) => config) } };
}

async function logInput(root: string, file: string): Promise<InputFile> {
  const { size, mtimeNs } = await stat(file, { bigint: true });
  return { path: relative(root, file), size: Number(size), mtime_ns: mtimeNs.toString() };
}

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
