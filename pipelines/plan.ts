import { dirname } from "node:path";
import { withoutChosenParams } from "./config/chosen-params.ts";
import { type ConfigChange, changedViews, describeChange } from "./config/describe-change.ts";
import type { LoadedModel, LoadedModels } from "./config/load-models.ts";
import { lockFileOf } from "./config/lock-file/lock-kind.ts";
import type { Problem } from "./errors/expected-error.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { CandidateRecord, ProductionPointer } from "./registry/version-record.ts";
import { refusedVersions } from "./trust-state.ts";
import { openPlanMemory, type PlanMemory } from "./workspace/plan-memory.ts";
import { definitionOf, readModels, trainerOf, type Workspace } from "./workspace/workspace.ts";

/**
 * Desired state (the configs) against actual state (the registry), without touching data:
 * - `new`: no version yet; `changed`: the definition differs from production's;
 * - `unchanged`: production has this definition;
 * - `held`: this definition was in production and was rolled back, so it is not deployed again until it changes;
 * - `registered`: a version has this definition, but was never promoted or has been replaced: promoting it is a person's call;
 * - `removed`: in production, but its config is gone; `invalid`: its config has errors.
 */
type PlanState = "new" | "changed" | "unchanged" | "held" | "registered" | "removed" | "invalid";

export interface PlanEntry {
  model: string;
  state: PlanState;
  /** Version in production, if any. */
  production: number | null;
  /** The version that is held or registered. */
  version: number | null;
  detail: string;
  /** The feature views that are not as production was trained with; absent when there is none. */
  views?: readonly string[];
  /** Why readers refuse the version in production; absent where `trust` lets them take it. */
  untrusted?: string;
}

export interface Plan {
  entries: PlanEntry[];
  problems: readonly Problem[];
}

/** Whether a run would train this model. */
export function needsRun({ state }: Pick<PlanEntry, "state">): boolean {
  return state === "new" || state === "changed";
}

/** Plans all models, or those named. Reads the registry once; what is kept for the next plan is all that is written. */
export async function planModels(
  workspace: Workspace,
  only?: readonly string[],
  opened: Promise<Snapshot> = workspace.registry.snapshot({ fetch: true, history: false }),
): Promise<Plan> {
  const memory = openPlanMemory(workspace);
  const [read, snapshot] = await Promise.all([memory.then((each) => readUnknown(workspace, only, each)), opened]);
  const running = await (await memory).running(snapshot);
  const { names } = read;
  const entries: PlanEntry[] = [];
  const differing: string[] = [];
  for (const [model, definition] of read.known) {
    const runs = running.get(model);
    if (runs?.definition === definition) entries.push(unchanged(model, runs.version));
    else differing.push(model);
  }
  const { models, problems } = await withDiffering(workspace, read, differing);
  const planned = models.map((model) => planModel(workspace, model, snapshot, running.get(model.config.name) ?? null));
  entries.push(...(await Promise.all(planned)));
  const valid = new Set(entries.map(({ model }) => model));
  const production = (name: string) => running.get(name)?.version ?? null;
  for (const name of names.filter((each) => !valid.has(each) && (!only || only.includes(each)))) {
    const detail = "see: mergeml validate";
    entries.push({ model: name, state: "invalid", production: production(name), version: null, detail });
  }
  for (const name of running.keys()) {
    if (names.includes(name) || (only && !only.includes(name))) continue;
    const detail = `in production, but models/${name}/model.yaml is gone`;
    entries.push({ model: name, state: "removed", production: production(name), version: null, detail });
  }
  await markUntrusted(workspace, snapshot, entries);
  await (await memory).keep(read);
  return { entries: entries.sort((a, b) => (a.model < b.model ? -1 : 1)), problems };
}

/** The models that are to be planned: in full, or by their definitions alone where they are as the last plan found them. */
interface ReadModels extends LoadedModels {
  known: ReadonlyMap<string, string>;
}

async function readUnknown(
  workspace: Workspace,
  only: readonly string[] | undefined,
  memory: PlanMemory,
): Promise<ReadModels> {
  const known = new Map<string, string>();
  const read = await readModels(workspace, only, (name, text) => {
    const definition = memory.definitionOf(name, text);
    if (definition !== null) known.set(name, definition);
    return definition !== null;
  });
  return { ...read, known };
}

/** What differs from production is told by its config. */
async function withDiffering(
  workspace: Workspace,
  { models, problems }: ReadModels,
  differing: readonly string[],
): Promise<Pick<LoadedModels, "models" | "problems">> {
  if (differing.length === 0) return { models, problems };
  const more = await readModels(workspace, differing);
  return { models: [...models, ...more.models], problems: [...problems, ...more.problems] };
}

function unchanged(model: string, version: number): PlanEntry {
  return { model, state: "unchanged", production: version, version: null, detail: `v${version} in production` };
}

async function markUntrusted(
  workspace: Pick<Workspace, "trust">,
  snapshot: Snapshot,
  entries: readonly PlanEntry[],
): Promise<void> {
  const deployed = entries.flatMap(({ model, production }) =>
    production === null ? [] : [{ model, version: production }],
  );
  const refused = (await refusedVersions(workspace, snapshot, deployed)) ?? [];
  const problems = new Map(refused.map(({ model, problem }) => [model, problem]));
  for (const entry of entries) {
    const problem = problems.get(entry.model);
    if (problem) entry.untrusted = problem;
  }
}

/** Plans one model from a snapshot of the registry. */
export async function planModel(
  { registry, repository }: Pick<Workspace, "registry" | "repository">,
  model: LoadedModel,
  snapshot: Snapshot,
  pointer: Pick<ProductionPointer, "version"> | null,
): Promise<PlanEntry> {
  const { name } = model.config;
  const definition = definitionOf(model);
  const production = pointer?.version ?? null;
  const entry = (state: PlanState, detail: string, version: number | null = null): PlanEntry => ({
    model: name,
    state,
    production,
    version,
    detail,
  });
  const current = pointer && (await snapshot.record(name, pointer.version));
  if (current && current.candidate.definition === definition) return unchanged(name, current.version);
  const earlier = await registry.findByDefinition(name, definition, snapshot);
  if (earlier) {
    const bringBack = `mergeml promote ${name} --to ${earlier.version}`;
    const running = await runsIn(repository.environments, snapshot, name, earlier.version);
    if (running !== null && !earlier.rolledBack) {
      const next = repository.environments[repository.environments.indexOf(running) + 1] ?? "production";
      const detail = `v${earlier.version} runs in ${running}; move it on with: mergeml promote ${name} --to ${next} --from ${running}`;
      return entry("registered", detail, earlier.version);
    }
    return earlier.rolledBack
      ? entry("held", `v${earlier.version} was rolled back; change its config, or: ${bringBack}`, earlier.version)
      : entry("registered", `v${earlier.version} is this already; bring it back with: ${bringBack}`, earlier.version);
  }
  if (!current) return entry("new", "nothing in production");
  const before = withoutChosenParams(current.candidate.config);
  const after = withoutChosenParams(model.config);
  const changes = describeChange(before, after, current.candidate.query, model.query.text);
  const views = changedViews(before, after);
  const newer = newTrainer(model, current.candidate);
  const said = [describeChanges(changes), newLock(model, current.candidate), newer].filter(Boolean).join(", ");
  const told = entry("changed", said || "its program's files changed");
  return views.length > 0 ? { ...told, views } : told;
}

/** Other packages for the program are another model, though no word of its config changed. */
function newLock({ config, file, files }: LoadedModel, { environment: { lock } }: CandidateRecord): string {
  const named = config.params.environment;
  const now = typeof named === "string" ? lockFileOf(named)?.locked : undefined;
  const [was, hash] = lock?.split(" ") ?? [];
  if (now === undefined || was !== now || files?.[now] === hash) return "";
  return `${dirname(file)}/${now} locks other packages`;
}

/** An upgrade of mergeml may bring a trainer that gives other bytes for the same params: it trains the model again. */
function newTrainer({ config }: LoadedModel, { trainer, environment }: CandidateRecord): string {
  const { name, version } = trainerOf(config.type);
  if (name !== trainer.name || version === trainer.version) return "";
  const by = environment.mergeml ? ` of mergeml ${environment.mergeml}` : "";
  return `trainer ${name} version ${trainer.version}${by} → ${version}`;
}

/** The last environment before production that a version runs in; null when it runs in none. */
async function runsIn(
  environments: readonly string[],
  snapshot: Snapshot,
  model: string,
  version: number,
): Promise<string | null> {
  for (const environment of environments.slice(0, -1).reverse())
    if ((await snapshot.pointer(model, environment))?.version === version) return environment;
  return null;
}

/** Enough to recognise the change; another type has other params, which go without saying. */
function describeChanges(changes: readonly ConfigChange[]): string {
  const otherType = changes.some(({ key }) => key === "type");
  const told = changes.filter(({ key }) => !otherType || !key.startsWith("params."));
  const shown = told.slice(0, 4).map(({ key, before, after }) => `${key} ${text(before)} → ${text(after)}`);
  return told.length > 4 ? `${shown.join(", ")} and ${told.length - 4} more` : shown.join(", ");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
}
