import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Action } from "../shared/action.ts";
import { runAction } from "../shared/run-action.ts";
import { judgeWaiting } from "./judge-waiting.ts";
import { planSoak } from "./plan-soak.ts";

const steps: Readonly<Record<string, (action: Action) => Promise<void>>> = { plan: planSoak, judge: judgeWaiting };

async function soak(action: Action): Promise<void> {
  const name = action.input("step");
  const step = steps[name];
  if (!step)
    throw new UserError({ message: `input step is "${name}"`, hint: `write ${Object.keys(steps).join(", ")}` });
  await step(action);
}

await runAction(soak);
