import type { Sources, SourceType } from "../../config/model-config.ts";
import { UserError } from "../../errors/expected-error.ts";
import type { Environment } from "../../ports/host.ts";
import type { ReachSources, RequireReviewed } from "../sources/reach-sources.ts";
import { databricks } from "./databricks/databricks.ts";
import { duckdb } from "./duckdb/duckdb.ts";
import type { Engine, EngineEntry, SourceEngine } from "./engine.ts";
import { postgres } from "./postgres/postgres.ts";
import { spark } from "./spark/spark.ts";

/** The engines that run here, by the `features.engine` of model.yaml. A new one is a folder and a line. */
const engines = { duckdb } as const satisfies Readonly<Record<string, EngineEntry>>;

/** The engines that run where a source of mergeml.yaml is, by its type. A new one is a folder and a line. */
const sourceEngines: { readonly [Type in SourceType]?: SourceEngine<Type> } = { postgres, spark, databricks };

/** What `features.engine` may be: an engine that runs here, or the name of a source that runs queries itself. */
export function engineNames(sources: Sources): string[] {
  const running = Object.entries(sources).filter(([, { type }]) => Object.hasOwn(sourceEngines, type));
  return [...Object.keys(engines), ...running.map(([name]) => name)];
}

/** Whether an engine runs here and reads files alone: the rows elsewhere may be others from one moment to the next. */
export function runsHere(engine: string): boolean {
  return Object.hasOwn(engines, engine);
}

/** Gives the engine of a name, started when it is first asked for. Throws UserError for one that is not there. */
export type EngineOf = (name: string) => Engine;

/** What the engines of one run of mergeml may use. */
export interface EngineJob {
  /** Those of mergeml.yaml. */
  sources: Sources;
  /** Where the values are that sources name; looked up when a query is run, so that a job without secrets gets as far as it can. */
  env: Environment;
  /** Gives queries that run here the sources that they name; without it they have files alone. */
  reach?: ReachSources;
  /** Asked before a source runs a query. */
  review?: RequireReviewed;
}

/** The engines of one run of mergeml. */
export function startEngines({ sources, ...job }: EngineJob): EngineOf {
  const started = new Map<string, Engine>();
  return (name) => {
    const engine = started.get(name) ?? start(name, { sources, ...job });
    started.set(name, engine);
    return engine;
  };
}

function start(name: string, { sources, env, reach, review }: EngineJob): Engine {
  if (runsHere(name)) return reachingEngine(engines[name as keyof typeof engines].start(), reach);
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  const engine = source && sourceEngine(source.type);
  if (!source || !engine) throw missingEngine(name, engineNames(sources));
  const started = engine.start({ name, source, sources, env, files: engines.duckdb });
  return review ? reviewedEngine(started, () => review(name)) : started;
}

/** The entry of a type takes the source of that type, which the table above says. */
function sourceEngine(type: SourceType): SourceEngine | undefined {
  return sourceEngines[type as keyof typeof sourceEngines] as SourceEngine | undefined;
}

function reachingEngine(engine: Engine, reach: ReachSources | undefined): Engine {
  if (reach === undefined) return engine;
  return {
    query: async (job) => engine.query({ ...job, sources: await reach(job.sql.text) }),
    prepare: async (job) => engine.prepare({ ...job, sources: await reach(job.sql.text) }),
  };
}

function reviewedEngine(engine: Engine, review: () => Promise<void>): Engine {
  return {
    ...engine,
    query: async (job) => review().then(() => engine.query(job)),
    prepare: async (job) => review().then(() => engine.prepare(job)),
  };
}

function missingEngine(name: string, names: readonly string[]): UserError {
  return new UserError({
    message: `the engine ${name} is neither one of this version nor a source of mergeml.yaml that runs queries`,
    hint: `write engine: ${names.join(" or ")}`,
    key: "features.engine",
  });
}
