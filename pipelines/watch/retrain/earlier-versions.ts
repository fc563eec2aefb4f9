import type { LoadedModel } from "../../config/load-models.ts";
import type { Window } from "../../config/model-config.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import { definitionOf } from "../../workspace/read-models.ts";
import type { RetrainFacts } from "./decide-retrain.ts";

/** What the registry knows that stands in the way of a retrain on the wished window. */
export async function earlierVersions(
  registry: Registry,
  snapshot: Snapshot,
  model: LoadedModel,
  wished: Window | null,
): Promise<Pick<RetrainFacts, "rolledBack" | "registered">> {
  const { name, features } = model.config;
  const definition =
    wished && definitionOf({ ...model, config: { ...model.config, features: { ...features, window: wished } } });
  const match = definition && (await registry.findByDefinition(name, definition, snapshot));
  const { rolledBack } = await registry.deployments(name, snapshot);
  const records = await snapshot.records(name, [...rolledBack]);
  return {
    rolledBack: records.flatMap(({ version, candidate: { config } }) => {
      const { window } = config.features;
      return window ? [{ version, window }] : [];
    }),
    registered: match ? { version: match.version, rolledBack: rolledBack.has(match.version) } : null,
  };
}
