import type { Registry } from "./registry.ts";
import type { Snapshot } from "./snapshot.ts";

/** The registry as an environment sees it: what runs there takes the place of production, and nothing is tried beside it. */
export function viewOfSnapshot(snapshot: Snapshot, environment: string): Snapshot {
  if (environment === "production") return snapshot;
  const production = (model: string) => snapshot.pointer(model, environment);
  return {
    ...snapshot,
    production,
    productions: async (models) => {
      const wanted = models ?? (await snapshot.models());
      const found = await Promise.all(wanted.map(async (model) => [model, await production(model)] as const));
      return new Map(found.flatMap(([model, pointer]) => (pointer ? [[model, pointer] as const] : [])));
    },
    challenger: async () => null,
    hasChallenger: async () => false,
  };
}

/** As `viewOfSnapshot`, for readers: writes name their environment. */
export function viewOfRegistry(registry: Registry, environment: string): Registry {
  if (environment === "production") return registry;
  return {
    ...registry,
    snapshot: async (options) => viewOfSnapshot(await registry.snapshot(options), environment),
    deployments: (model, snapshot, named = environment) => registry.deployments(model, snapshot, named),
  };
}
