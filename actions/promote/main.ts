import { choosePromotion } from "../../pipelines/choose-promotion.ts";
import { promoteVersion } from "../../pipelines/keep-version.ts";
import { type Action, appendJobSummary, modelInput, runAction, versionInput } from "../shared/action.ts";

async function promote(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const { registry } = workspace;
  const model = await modelInput(action, registry);
  const wanted = {
    version: versionInput(action, "version"),
    to: action.input("environment") || null,
    from: action.input("from") || null,
  };
  const snapshot = await registry.snapshot({ fetch: true });
  const chosen = await choosePromotion(workspace, snapshot, model, wanted);
  const { version, environment } = chosen;
  const why = action.input("why");
  const done = await promoteVersion(workspace, model, version, { ...chosen, ...(why !== "" && { why }) });
  action.output("from", `${done.from ?? ""}`);
  action.output("to", `${done.to}`);
  action.output("commit", done.commit ?? "");
  await appendJobSummary(action.env, `### ${model}: v${done.to} is in ${environment}\n`);
  action.log.info(
    done.commit ? `${model}: v${done.to} is in ${environment}` : `${model}: v${version} was in ${environment} already`,
  );
}

await runAction(promote);
