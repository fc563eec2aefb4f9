import { UserError } from "../../pipelines/errors/user-error.ts";
import { readModels } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { runAction } from "../shared/run-action.ts";

async function validate(action: Action): Promise<void> {
  const only = action.list("models");
  const { models, problems } = await readModels(await action.workspace(), only.length > 0 ? only : undefined);
  action.output("valid", JSON.stringify(models.map(({ config }) => config.name)));
  if (problems.some(({ severity }) => severity !== "warning")) throw new UserError(problems);
  for (const { message } of problems) action.log.warn(message);
  action.log.info(`${models.length} model${models.length === 1 ? "" : "s"} checked, no errors`);
}

await runAction(validate);
