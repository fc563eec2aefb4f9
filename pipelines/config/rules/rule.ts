import type { ModelParts } from "../model-parts.ts";
import type { FilledModelConfig } from "../model-schema.ts";
import type { Finding, KeyPath } from "../yaml/finding.ts";

/** A config of which any part may be missing, because it was wrong and is reported already. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? readonly (Draft<Item> | null)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Draft<T[Key]> }
    : T;

/** What a rule looks at. Rules see the config after the schema did: present values have the right shape. */
export interface RuleContext extends ModelParts {
  draft: Draft<FilledModelConfig>;
  /** Name of the model's folder, when known. */
  folder: string | undefined;
  /** False when the value at the path is wrong and was replaced by its default. */
  sound(path: KeyPath): boolean;
}

/** What the schema cannot say about several keys together. */
export type Rule = (context: RuleContext) => Finding[];

/** The finding in a list when the condition holds, else nothing: rules are lists of these. */
export function when(condition: unknown, finding: Finding | (() => Finding)): Finding[] {
  if (!condition) return [];
  return [typeof finding === "function" ? finding() : finding];
}
