import type { Action } from "../shared/action.ts";
import { appendJobSummary } from "../shared/github/job-summary.ts";
import { modelInput, versionInput } from "../shared/model-inputs.ts";
import { runAction } from "../shared/run-action.ts";

async function rollback(action: Action): Promise<void> {
  const { registry } = await action.workspace();
  const to = versionInput(action, "to");
  const model = await modelInput(action, registry);
  const done = await registry.rollback(model, to === null ? {} : { to });
  action.output("from", `${done.from ?? ""}`);
  action.output("to", `${done.to ?? ""}`);
  action.output("commit", done.commit);
  const now = done.to === null ? "nothing is in production now" : `v${done.to} is in production now`;
  action.log.info(`${model}: ${now}, commit ${done.commit}`);
  await appendJobSummary(action.env, `### ${model}: ${now}\n\nTaken out: v${done.from} · commit \`${done.commit}\`\n`);
}

await runAction(rollback);
