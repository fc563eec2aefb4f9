import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Leak } from "../evaluation/leak.ts";
import type { GateCheck } from "./verdict.ts";

/** Features that are the target in other clothes block, unless production already predicts with them. */
export function checkLeaks(evaluation: Evaluation): GateCheck[] {
  return (evaluation.leaks ?? [])
    .filter((leak) => !isDeployed(leak, evaluation))
    .map((leak) => ({
      id: `leak:${leak.feature}`,
      outcome: "fail",
      limit: "no feature is the target itself",
      found: leak.found,
      reason: leakSentence(leak),
    }));
}

/** Of those that production predicts with. */
export function leakNotes(evaluation: Evaluation): string[] {
  return (evaluation.leaks ?? []).filter((leak) => isDeployed(leak, evaluation)).map(leakSentence);
}

/** `ycopy looks like the target in other clothes: …` */
export function leakSentence({ feature, found }: Leak): string {
  return `${feature} looks like the target in other clothes: ${found}. Leave it out of the query, or, if it is known before the target is, waive leak:${feature}.`;
}

function isDeployed({ feature }: Leak, { baseline }: Evaluation): boolean {
  return baseline.state === "scored" && baseline.features.some(({ name }) => name === feature);
}
