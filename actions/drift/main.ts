import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Action } from "../shared/action.ts";
import { runAction } from "../shared/run-action.ts";
import { answerModels } from "./answer-models.ts";
import { checkPlannedDrift } from "./check-drift.ts";
import { planChecks } from "./plan-checks.ts";

const steps: Readonly<Record<string, (action: Action) => Promise<void>>> = {
  plan: planChecks,
  check: checkPlannedDrift,
  answer: answerModels,
};

async function drift(action: Action): Promise<void> {
  const name = action.input("step");
  const step = steps[name];
  if (!step)
    throw new UserError({ message: `input step is "${name}"`, hint: `write ${Object.keys(steps).join(", ")}` });
  await step(action);
}

await runAction(drift);
