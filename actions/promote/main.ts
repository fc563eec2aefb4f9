import { UserError } from "../../pipelines/errors/user-error.ts";
import { promoteVersion } from "../../pipelines/keep-version.ts";
import type { Action } from "../shared/action.ts";
import { modelInput, versionInput } from "../shared/model-inputs.ts";
import { runAction } from "../shared/run-action.ts";

async function promote(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const { registry } = workspace;
  const model = await modelInput(action, registry);
  const versions = await (await registry.snapshot({ fetch: true })).versions(model);
  const version = versionInput(action, "version") ?? Math.max(...versions);
  if (!versions.includes(version)) {
    throw new UserError({ message: `${model} has no version ${version}`, hint: `it has: ${versions.join(", ")}` });
  }
  const done = await promoteVersion(workspace, model, version);
  action.output("from", `${done.from ?? ""}`);
  action.output("to", `${done.to}`);
  action.output("commit", done.commit ?? "");
  action.log.info(
    done.commit ? `${model}: v${done.to} is in production` : `${model}: v${version} was in production already`,
  );
}

await runAction(promote);
