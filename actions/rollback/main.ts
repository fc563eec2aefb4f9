import {
  type Action,
  appendJobSummary,
  environmentInput,
  modelInput,
  runAction,
  versionInput,
} from "../shared/action.ts";

async function rollback(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const { registry } = workspace;
  const environment = environmentInput(action, workspace);
  const to = versionInput(action, "to");
  const model = await modelInput(action, registry);
  const done = await registry.rollback(model, { environment, ...(to !== null && { to }) });
  action.output("from", `${done.from ?? ""}`);
  action.output("to", `${done.to ?? ""}`);
  action.output("commit", done.commit);
  const now = `${done.to === null ? "nothing" : `v${done.to}`} is in ${environment} now`;
  action.log.info(`${model}: ${now}, commit ${done.commit}`);
  await appendJobSummary(action.env, `### ${model}: ${now}\n\nTaken out: v${done.from} · commit \`${done.commit}\`\n`);
}

await runAction(rollback);
