import { resolve } from "node:path";
import { writeDashboard } from "../../pipelines/dashboard.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import { type Action, runAction } from "../shared/action.ts";

async function dashboard(action: Action): Promise<void> {
  const output = action.input("output");
  if (output === "") throw new UserError({ message: "input output is empty", hint: "name a folder for the site" });
  const pages = await writeDashboard(await action.workspace(), resolve(output));
  action.log.info(`${countOf(pages.size, "page")} written to ${output}`);
}

await runAction(dashboard);
