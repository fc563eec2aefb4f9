import type { Json } from "./canonical-json.ts";
import type { Task } from "./model-config.ts";

/** What configuration needs to know of a trainer. Trainers are passed in, because config comes before training. */
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
