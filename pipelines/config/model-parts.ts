import type { Json } from "./canonical-json.ts";
import type { Task } from "./model-config.ts";

/** What configuration needs to know of a trainer. */
export interface TrainerSchema {
  /** The `type` in model.yaml. */
  readonly name: string;
  readonly summary: string;
  /** The files in the model's folder that `params.files` names determine the model, and are part of its identity. */
  readonly readsModelFolder?: true;
  readonly tasks: readonly Task[];
  readonly paramsSchema: ParamsSchema;
}

/** JSON Schema (2020-12) of `params`, with a description and default for each. */
export interface ParamsSchema {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, { readonly [key: string]: Json }>>;
}

/** What a model.yaml can name: a folder each, in a table of its step. They are passed in, because config comes before them. */
export interface ModelParts {
  readonly trainers: readonly TrainerSchema[];
  /** Names of engines. */
  readonly engines: readonly string[];
}
