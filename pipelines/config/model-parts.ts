import type { Json } from "./canonical-json.ts";
import type { Task } from "./model-config.ts";

/** What configuration needs to know of a trainer. */
export interface TrainerSchema {
  readonly name: string;
  readonly summary: string;
  /** Whether the files that `params.files` names determine the model. */
  readonly readsModelFolder?: true;
  readonly tasks: readonly Task[];
  /** JSON Schema (2020-12) of `params`. */
  readonly paramsSchema: {
    readonly type: "object";
    readonly additionalProperties: false;
    readonly properties: Readonly<Record<string, { readonly [key: string]: Json }>>;
  };
}

/** What a model.yaml can name: a folder each, in a table of its step. They are passed in, because config comes before them. */
export interface ModelParts {
  readonly trainers: readonly TrainerSchema[];
  /** Names of engines. */
  readonly engines: readonly string[];
}
