import { relative } from "node:path";
import { type DeployResult, deployModel, firstEnvironment } from "../../pipelines/deploy.ts";
import { renderVerdict } from "../../pipelines/report/terminal/terminal-comparison.ts";
import { tellPassingStore } from "../../pipelines/workspace/passing-store.ts";
import { readModel, uncommittedInputs, type Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Command, type CommandOutcome, localOnly, rollbackCommand } from "../cli/command.ts";
import { tellBuild } from "../cli/tell-build.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const run: Command = {
  description:
    "Plan, features, train, evaluate, gate, register and promote for one model. A run with nothing changed is nearly free; a failed one goes on from its last good step.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [
    { command: "mergeml run flight-delay", shows: "from model.yaml to production" },
    { command: "mergeml run flight-delay --json", shows: "what was done, for machines" },
  ],
  async run({ positionals: [name = ""], workspace, directory, width }) {
    const started = performance.now();
    const opened = await workspace();
    const model = await readModel(opened, name);
    const uncommitted = await uncommittedInputs(opened, model);
    if (uncommitted.length > 0) opened.log.warn(tellUncommitted(uncommitted, await opened.git.headCommit()));
    const result = await deployModel(opened, model);
    if (result.state === "deployed") tellPassingStore(opened, [result.registered]);
    const seconds = (performance.now() - started) / 1000;
    return tellDeploy(result, { uncommitted, name, from: directory, seconds, where: opened, width });
  },
};

/** Said before anything is trained or deployed. */
function tellUncommitted(files: readonly string[], head: string | null): string {
  const shown = files.slice(0, 3).join(", ") + (files.length > 3 ? ` and ${files.length - 3} more` : "");
  const names =
    head === null ? "no commit, as there is none yet" : `commit ${head.slice(0, 7)}, which does not have them`;
  return `not committed: ${shown}. A version made now names ${names}: commit first, so that others can make it again`;
}

interface Deploying {
  /** Files it was made of that no commit has. */
  uncommitted: readonly string[];
  name: string;
  from: string;
  seconds: number;
  where: Workspace;
  width: number;
}

function tellDeploy(
  result: DeployResult,
  { uncommitted, name, from, seconds, where, width }: Deploying,
): CommandOutcome {
  if (result.state === "waiting") {
    return {
      text: `${name}: ${result.plan.state}, nothing deployed. ${result.plan.detail}`,
      data: { model: name, state: result.plan.state, version: result.plan.version, detail: result.plan.detail },
    };
  }
  if (result.state === "rejected") {
    const { record, verdict } = result.candidate;
    const directory = relative(from, result.directory);
    const text = `${renderVerdict(verdict)}\n\nProduction is unchanged. Look closer: mergeml report ${directory}`;
    return {
      code: exitCodes.gateSaidNo,
      text,
      data: { model: name, state: "rejected", candidate: record.id, directory, verdict },
    };
  }
  if (result.state !== "deployed") return tellBuild(result, width);
  const { version, promoteCommit, alreadyRegistered } = result.registered;
  const data = {
    model: name,
    state: "deployed",
    candidate: result.candidate.record.id,
    notes: [...result.candidate.record.notes, ...result.candidate.verdict.notes],
    seconds,
    uncommitted,
    remote: where.remote,
    ...result.registered,
  };
  if (alreadyRegistered) return { text: `${name}@${version} was registered before; production is unchanged`, data };
  const environment = firstEnvironment(where);
  return {
    text: `  done in ${seconds.toFixed(1)} s: ${name} v${version} is in ${environment}.  Undo: ${rollbackCommand(name, environment)}   or   git revert ${promoteCommit?.slice(0, 7)}${localOnly(where)}`,
    data,
  };
}
