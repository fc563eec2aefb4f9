import type { ModelConfig } from "../config/model-config.ts";
import type { KeyPath } from "../config/yaml/finding.ts";
import type { GateCheck, Verdict } from "./verdict.ts";

/**
 * Where in a model.yaml the rule stands that a check applied, the best place first: a rule that is a default, or that stands in
 * mergeml.yaml, has none of its own.
 */
export function thresholdPlaces(
  { id }: Pick<GateCheck, "id">,
  { rule }: Pick<Verdict, "rule">,
  { thresholds }: Pick<ModelConfig, "thresholds">,
): KeyPath[] {
  const [kind, ...rest] = id.split(":");
  const subject = rest.join(":");
  const primary: KeyPath = ["thresholds", "primary"];
  if (kind === "primary" && rule === "first_deploy")
    return [["thresholds", "first_deploy", thresholds.primary], ["thresholds", "first_deploy"], primary];
  if (kind === "primary") return [["thresholds", "retrain"], primary];
  if (kind === "metric")
    return [
      ["thresholds", "always", subject],
      ["thresholds", "first_deploy", subject],
    ];
  if (kind === "slice") {
    const at = thresholds.slices.findIndex(({ by }) => subject.startsWith(`${by}=`));
    return [
      ["thresholds", "slices", Math.max(at, 0)],
      ["thresholds", "slices"],
    ];
  }
  if (kind === "data") return [["features", "checks"]];
  return [primary];
}
