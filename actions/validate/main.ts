import { UserError } from "../../pipelines/errors/expected-error.ts";
import { validateQueries } from "../../pipelines/validate-queries.ts";
import { readModels } from "../../pipelines/workspace/workspace.ts";
import { type Action, runAction } from "../shared/action.ts";

async function validate(action: Action): Promise<void> {
  const only = action.list("models");
  const workspace = await action.workspace();
  const read = await readModels(workspace, only.length > 0 ? only : undefined);
  const { models } = read;
  const { problems: ofQueries, sound } = action.flag("sql")
    ? await validateQueries(workspace, models)
    : { problems: [], sound: models };
  const problems = [...read.problems, ...ofQueries];
  action.output("valid", JSON.stringify(sound.map(({ config }) => config.name)));
  if (problems.some(({ severity }) => severity !== "warning")) throw new UserError(problems);
  for (const { message } of problems) action.log.warn(message);
  action.log.info(`${models.length} model${models.length === 1 ? "" : "s"} checked, no errors`);
}

await runAction(validate);
