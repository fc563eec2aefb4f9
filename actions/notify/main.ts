import { EnvironmentError } from "../../pipelines/errors/environment-error.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { announceDeployment } from "../shared/github/deployment.ts";
import { appendJobSummary } from "../shared/github/job-summary.ts";
import { runAction } from "../shared/run-action.ts";

async function notify(action: Action): Promise<void> {
  const workspace = await action.workspace();
  if (action.flag("verify")) await verified(workspace);
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const named = action.list("models");
  const models = named.length > 0 ? named : await changedSince(workspace, snapshot, action.input("since"));
  const told = [];
  for (const model of models) told.push(await tellOrWarn(action, workspace, snapshot, model));
  action.output("recorded", JSON.stringify(told));
  const lines = told.map(
    ({ model, version }) => `- ${model}: ${version === null ? "nothing" : `v${version}`} in production`,
  );
  if (lines.length > 0) await appendJobSummary(action.env, `### Production\n\n${lines.join("\n")}\n`);
}

/** A deploy that is done is not undone by a lost notice: it is said, and the next run records what is missing. */
async function tellOrWarn(action: Action, workspace: Workspace, snapshot: Snapshot, model: string) {
  try {
    return await tell(action, workspace, snapshot, model);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    action.log.warn(`${model}: GitHub was not told what is in production: ${error.message}`);
    return {
      model,
      version: (await snapshot.production(model))?.version ?? null,
      deployment: "failed",
      dispatch: "none",
    };
  }
}

/** What the token may not do is said and left out. */
async function tell(action: Action, workspace: Workspace, snapshot: Snapshot, model: string) {
  const [last] = await workspace.registry
    .history(model, snapshot)
    .then((all) => all.filter((each) => each.action !== "register"));
  const { runUrl } = await action.context();
  const github = await action.github();
  const version = (await snapshot.production(model))?.version ?? null;
  const commit = last?.commit ?? snapshot.tip ?? "";
  const description =
    version === null ? "nothing is in production" : `v${version} is in production, by ${last?.by ?? "?"}`;
  const environment = action.input("environment") || "production";
  const state = { model, version, commit, environment, description, logUrl: runUrl };
  const { deployment, dispatch } = await announceDeployment(github, state);
  action.log.info(`${model}: ${description}; deployment ${deployment}, dispatch ${dispatch}`);
  if (deployment === "forbidden")
    action.log.warn(`the token may not record deployments of ${model}: give the job deployments: write`);
  return { model, version, deployment, dispatch };
}

async function verified({ registry }: Workspace): Promise<void> {
  const { problems } = await registry.verify();
  if (problems.length === 0) return;
  throw new UserError(
    problems.map((problem) => ({
      message: typeof problem === "string" ? problem : JSON.stringify(problem),
      hint: "see: mergeml verify",
    })),
  );
}

/** Models whose pointer file differs between two commits; all in production when the first is not known here. */
async function changedSince({ git }: Workspace, snapshot: Snapshot, since: string): Promise<string[]> {
  const all = [...(await snapshot.productions()).keys()];
  if (!/^[0-9a-f]{40,64}$/.test(since) || snapshot.tip === null) return all;
  const { code, stdout } = await git.run(["diff", "--name-only", "-z", since, snapshot.tip, "--", ":/models"], {
    allow: [128],
  });
  if (code !== 0) return all;
  const changed = stdout
    .toString("utf8")
    .split("\0")
    .flatMap((path) => /^models\/([a-z0-9-]+)\/production\.json$/.exec(path)?.[1] ?? []);
  return [...new Set(changed)];
}

await runAction(notify);
