import { UserError } from "../../errors/user-error.ts";
import { duckdb } from "./duckdb/duckdb.ts";
import type { Engine, EngineEntry } from "./engine.ts";

/** All engines, by the `features.engine` of model.yaml. A new one is a folder and a line here. */
export const engines = { duckdb } as const satisfies Readonly<Record<string, EngineEntry>>;

/** What `features.engine` may be. */
export const engineNames: readonly string[] = Object.keys(engines);

/** Gives the engine of a name, started when it is first asked for. Throws UserError for one that this version lacks. */
export type EngineOf = (name: string) => Engine;

/** The engines of one run of mergeml. */
export function startEngines(entries: Readonly<Record<string, EngineEntry>> = engines): EngineOf {
  const started = new Map<string, Engine>();
  return (name) => {
    if (!Object.hasOwn(entries, name)) throw missingEngine(name, Object.keys(entries));
    const engine = started.get(name) ?? entries[name]!.start();
    started.set(name, engine);
    return engine;
  };
}

function missingEngine(name: string, names: readonly string[]): UserError {
  return new UserError({
    message: `the engine ${name} is not available in this version`,
    hint: `write engine: ${names.join(" or ")}`,
    key: "features.engine",
  });
}
