import type { Finding } from "../yaml/finding.ts";
import { dataCheckRules } from "./data-check-rules.ts";
import { featureRules } from "./feature-rules.ts";
import { identityRules } from "./identity-rules.ts";
import { operationRules } from "./operation-rules.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { searchRules } from "./search-rules.ts";
import { thresholdRules } from "./threshold-rules.ts";

const rules: readonly Rule[] = [
  identityRules,
  searchRules,
  featureRules,
  dataCheckRules,
  thresholdRules,
  operationRules,
];

/** Everything about a model.yaml that the schema cannot say. */
export function modelRules(context: RuleContext): Finding[] {
  return rules.flatMap((rule) => rule(context));
}
