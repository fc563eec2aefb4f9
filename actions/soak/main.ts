import { UserError } from "../../pipelines/errors/expected-error.ts";
import { type Action, runAction } from "../shared/action.ts";
import { judgeWaiting, planSoak } from "./judge-waiting.ts";

const steps: Readonly<Record<string, (action: Action) => Promise<void>>> = { plan: planSoak, judge: judgeWaiting };

async function soak(action: Action): Promise<void> {
  const name = action.input("step");
  const step = steps[name];
  if (!step)
    throw new UserError({ message: `input step is "${name}"`, hint: `write ${Object.keys(steps).join(", ")}` });
  await step(action);
}

await runAction(soak);
