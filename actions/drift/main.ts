import { UserError } from "../../pipelines/errors/expected-error.ts";
import { readModels } from "../../pipelines/workspace/workspace.ts";
import { type Action, runAction } from "../shared/action.ts";
import { jobMatrix } from "../shared/job-matrix.ts";
import { answerModels } from "./answer-models.ts";
import { checkPlannedDrift } from "./check-drift.ts";

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

/** Gives the matrix of the models that are in production. One whose config is gone is
 * watched as it was trained; one whose config is unsound is left to the step answer, which says so. */
async function planChecks(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const deployed = await snapshot.productions();
  const named = action.list("models");
  const wanted = [...deployed.keys()].filter((model) => named.length === 0 || named.includes(model));
  const { models, names } = await readModels(workspace, wanted);
  const gone = wanted.filter((model) => !names.includes(model));
  const records = await Promise.all(gone.map((model) => snapshot.record(model, deployed.get(model)?.version ?? 0)));
  const configs = [...models.map(({ config }) => config), ...records.map(({ candidate }) => candidate.config)];
  action.output("matrix", JSON.stringify(jobMatrix(configs, { usual: action.input("runner") })));
  action.output("count", `${configs.length}`);
  action.log.info(configs.length > 0 ? configs.map(({ name }) => name).join("\n") : "Nothing is in production.");
}
