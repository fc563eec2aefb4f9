import type { ModelConfig } from "./model-config.ts";

/** The config without the params that its search chooses: a record has what it chose, a model.yaml what would hold without it. */
export function withoutChosenParams(config: ModelConfig): ModelConfig {
  const chosen = Object.keys(config.search?.space ?? {});
  const written = Object.entries(config.params).filter(([name]) => !chosen.includes(name));
  return { ...config, params: Object.fromEntries(written) };
}
