import { candidateId } from "../config/definition.ts";
import type { LoadedModel } from "../config/load-models.ts";
import type { Sources } from "../config/model-config.ts";
import { buildFeatures, type FeatureJob, warnOfFailures } from "../data/build-features.ts";
import { openDataFolders } from "../data/data-folders.ts";
import type { CheckResult, FeatureData, FeatureResult } from "../data/dataset-store.ts";
import type { QueryLimits } from "../data/engines/engine.ts";
import { runsHere } from "../data/engines/engines.ts";
import { joinProblems } from "../data/features/check-join.ts";
import { type CheckedViews, checkViews, recordedViews } from "../data/features/check-views.ts";
import { joinDialect } from "../data/features/compose-models.ts";
import { hashInputs, listInputs } from "../data/list-inputs.ts";
import { UserError } from "../errors/expected-error.ts";
import { formatCount } from "../statistics/format-number.ts";
import type { Trainer } from "../training/trainer.ts";
import { findTrainer } from "../training/trainers.ts";
import type { Elsewhere } from "../workspace/step-cache.ts";
import { definitionOf, type Workspace } from "../workspace/workspace.ts";

/** The datasets of one model and the identity of the candidate they lead to. */
export interface PreparedData {
  trainer: Trainer;
  definition: string;
  id: string;
  data: { ok: true } & FeatureData;
}

/**
 * Runs the feature query, its checks and the split, or takes them from the cache when neither query nor files changed
 * and the engine reads nothing else. The split is drawn by `splitSeed`: see `splitSeedOf`. Of sources, the versions that an
 * earlier run read are `pinned`.
 */
export async function prepareData(
  workspace: Workspace,
  model: LoadedModel,
  splitSeed: number,
  pinned?: FeatureData["sources"],
): Promise<FeatureResult> {
  const { cache, log, repository, root, extraData, engineOf, store } = workspace;
  const inputs = featureInputs(model, splitSeed, await listInputs(root, repository.data, extraData));
  let hashed: ReturnType<typeof hashInputs> | undefined;
  const hash = () => (hashed ??= hashInputs(root, repository.data, extraData));
  const elsewhere: Elsewhere = { inputs: async () => featureInputs(model, splitSeed, await hash()) };
  const prepared = await log.step(
    "features",
    async () => {
      const cached = runsHere(model.config.features.engine)
        ? await cache.read<FeatureResult>("features", inputs, elsewhere)
        : null;
      if (cached && (await stillStored(workspace, cached))) return cached;
      if (cache.shared) await hash(); // of the files that the query is about to read
      const limits = {
        memory_gb: model.config.resources.memory_gb,
        threads: workspace.threads,
        seconds: model.config.resources.timeout_minutes * 60,
      };
      const { mostRows } = findTrainer(model.config.type);
      const places = {
        root,
        sources: repository.sources,
        data: repository.data,
        extraData,
        engine: engineOf(model.config.features.engine),
        store,
      };
      const checked = await checkViewsOf(model, { ...places, limits });
      warnOfFailures(checked.checks, log);
      if (checked.checks.some(blocks)) return { ok: false as const, ...checked };
      const built = await buildFeatures({ ...places, model, log, limits, splitSeed, pinned, mostRows });
      const result: FeatureResult = { ...built, checks: [...checked.checks, ...built.checks] };
      // What is elsewhere changes without a word here.
      const datasets = result.ok ? [result.train.fingerprint, result.test.fingerprint] : [];
      if (!result.sources) await cache.write("features", inputs, result, { ...elsewhere, datasets });
      return result;
    },
    describeFeatures,
  );
  // Told each time, also when the rows come from the cache.
  if (prepared.ok) for (const warning of prepared.warnings ?? []) log.warn(warning);
  return prepared;
}

/** Leaves the rows of a candidate for other machines, as if this one had run the query; nothing where no results are left. */
export async function leaveFeatures(
  { cache, repository, root, extraData }: Workspace,
  model: LoadedModel,
  splitSeed: number,
  data: FeatureData,
): Promise<void> {
  if (!cache.shared || !runsHere(model.config.features.engine) || data.sources) return;
  const inputs = featureInputs(model, splitSeed, await listInputs(root, repository.data, extraData));
  const hashed = async () => featureInputs(model, splitSeed, await hashInputs(root, repository.data, extraData));
  const result: FeatureResult = { ok: true, ...data };
  const datasets = [data.train.fingerprint, data.test.fingerprint];
  await cache.write("features", inputs, result, { inputs: hashed, datasets });
}

function blocks({ passed, severity }: CheckResult): boolean {
  return !passed && severity === "block";
}

interface ViewPlaces extends Omit<FeatureJob, "model" | "log" | "splitSeed"> {
  limits: QueryLimits;
  sources: Sources;
}

async function checkViewsOf(
  model: LoadedModel,
  { root, sources, data, extraData, engine, store, limits }: ViewPlaces,
): Promise<CheckedViews> {
  const { composition, window, engine: name } = model.config.features;
  if (!composition) return { checks: [], rows: 0 };
  const views = model.views ?? recordedViews(composition);
  const folders = await openDataFolders(root, data, extraData);
  const { quoteName } = joinDialect(name, sources);
  await using staging = await store.staging();
  const job = { engine, quoteName, views, window, folders, limits };
  const checked = await checkViews({ ...job, staging: staging.path });
  const unjoinable = await joinProblems({ ...model, views }, job);
  if (unjoinable.length > 0) throw new UserError(unjoinable);
  return checked;
}

function featureInputs({ config, query }: LoadedModel, splitSeed: number, files: readonly unknown[]): unknown {
  const { task, thresholds, resources } = config;
  const most = findTrainer(config.type).mostRows;
  return {
    task,
    splitSeed,
    features: config.features,
    slices: thresholds.slices.map((rule) => rule.by),
    query: query.text,
    files,
    ...(resources.max_rows !== undefined && { max_rows: resources.max_rows }),
    ...(most !== undefined && { most_rows: most }),
  };
}

async function stillStored({ store }: Workspace, result: FeatureResult): Promise<boolean> {
  return !result.ok || ((await store.has(result.train.fingerprint)) && (await store.has(result.test.fingerprint)));
}

function describeFeatures(result: FeatureResult): string {
  const passed = result.checks.filter((check) => check.passed).length;
  const checks = result.checks.length > 0 ? `  ${passed} of ${result.checks.length} checks passed` : "";
  if (!result.ok) return `${formatCount(result.rows)} rows${checks}`;
  const rows = result.train.rows + result.test.rows;
  return `${formatCount(rows)} rows, ${result.features.length} features, ${result.train.fingerprint.slice(0, 7)}…${checks}`;
}

/** The candidate's identity: what the user wrote, the trainer, and the data. */
export function identify(model: LoadedModel, data: { ok: true } & FeatureData): PreparedData {
  const trainer = findTrainer(model.config.type);
  const definition = definitionOf(model);
  return { trainer, definition, id: candidateId(definition, data.train.fingerprint, data.test.fingerprint), data };
}
