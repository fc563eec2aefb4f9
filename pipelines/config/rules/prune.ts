import type { Json } from "../canonical-json.ts";
import { isBlock } from "../merge-defaults.ts";
import type { KeyPath } from "../yaml/finding.ts";

/** A copy without the values at the paths, so that rules see sound values only. An item of a list becomes null, to keep the places of the others. */
export function prune(value: Json, paths: readonly KeyPath[]): Json {
  return paths.reduce(without, value);
}

function without(value: Json, path: KeyPath): Json {
  const [step, ...rest] = path;
  if (step === undefined) return null;
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === step ? without(item, rest) : item));
  }
  if (!isBlock(value) || !Object.hasOwn(value, step)) return value;
  if (rest.length > 0) return { ...value, [step]: without(value[step]!, rest) };
  const { [step]: _, ...others } = value;
  return others;
}
