import type { Json } from "./canonical-json.ts";
import type { ModelConfig } from "./model-config.ts";

type Params = Readonly<Record<string, Json>>;

/** Params with what a search chose in their place; a name such as `options.depth` is that of one entry of a block. */
export function withChosenParams(params: Params, chosen: Params): Params {
  const all = new Map(Object.entries(params));
  for (const [name, value] of Object.entries(chosen)) {
    const [param, entry] = partsOf(name);
    all.set(param, entry === null ? value : { ...blockOf(all.get(param)), [entry]: value });
  }
  return Object.fromEntries(all);
}

/** The config without the params that its search chooses: a record has what it chose, a model.yaml what would hold without it. */
export function withoutChosenParams(config: ModelConfig): ModelConfig {
  const chosen = Object.keys(config.search?.space ?? {});
  return { ...config, params: chosen.reduce(without, config.params) };
}

/** A param that a search chose, and what it could choose from. */
export interface ChosenParam {
  name: string;
  value: Json | undefined;
  choices: NonNullable<ModelConfig["search"]>["space"][string];
}

/** What the search of a record's config chose. */
export function chosenParams({ search, params }: Pick<ModelConfig, "search" | "params">): ChosenParam[] {
  return Object.entries(search?.space ?? {}).map(([name, choices]) => {
    const [param, entry] = partsOf(name);
    return { name, choices, value: entry === null ? params[param] : blockOf(params[param])[entry] };
  });
}

function without(params: Params, name: string): Params {
  const [param, entry] = partsOf(name);
  if (entry === null) return Object.fromEntries(Object.entries(params).filter(([other]) => other !== param));
  const left = Object.entries(blockOf(params[param])).filter(([other]) => other !== entry);
  return { ...params, [param]: Object.fromEntries(left) };
}

function partsOf(name: string): [param: string, entry: string | null] {
  const [param = "", entry = null] = name.split(".");
  return [param, entry];
}

function blockOf(value: Json | undefined): Params {
  return (value ?? {}) as Params;
}
