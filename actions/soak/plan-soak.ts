import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { type Hop, hopsOf, type WaitingVersion, waitingVersions } from "../../pipelines/waiting-versions.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { jobMatrix } from "../shared/job-matrix.ts";

/** GitHub runs at most so many jobs of one matrix. */
export const mostJobs = 256;

/** The versions that wait for one of the environments, each step in its order. Throws UserError for models of which none does. */
export async function waitingOf(action: Action, workspace: Workspace, snapshot: Snapshot): Promise<WaitingVersion[]> {
  const named = action.list("models");
  const waiting: WaitingVersion[] = [];
  for (const hop of wantedHops(action, workspace))
    waiting.push(...(await waitingVersions(workspace, snapshot, hop, named)));
  const idle = named.filter((name) => !waiting.some(({ model }) => model === name));
  if (idle.length === 0) return waiting;
  throw new UserError({
    message: `nothing of ${idle.join(", ")} waits to go on`,
    hint: "see what runs where: mergeml status",
  });
}

function wantedHops(action: Action, { repository: { environments } }: Workspace): Hop[] {
  const to = action.input("environment");
  if (to !== "") knownEnvironment(to, environments);
  return hopsOf(environments).filter((hop) => to === "" || hop.to === to);
}

/** Gives the matrix of the models whose live data counts, in the environment that they wait in. */
export async function planSoak(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const waiting = await waitingOf(action, workspace, await workspace.registry.snapshot({ fetch: true }));
  const asked = action.list("models").length > 0;
  const counted = waiting.filter(
    ({ config, held }) => (config?.promote?.when.clean_windows ?? 0) > 0 && (asked || held === null),
  );
  const groups = [...Map.groupBy(counted, ({ from }) => from)];
  const limit = Math.floor(mostJobs / Math.max(1, groups.length));
  const include = groups.flatMap(([environment, group]) => {
    const configs = group.flatMap(({ config }) => config ?? []);
    const { include: jobs } = jobMatrix(configs, { usual: action.input("runner"), limit });
    return jobs.map((job) => ({ ...job, environment }));
  });
  action.output("matrix", JSON.stringify({ include }));
  action.output("count", `${include.length}`);
  for (const { model, version, from, to, held } of waiting)
    action.log.info(`${model}: v${version} waits in ${from} for ${to}${held && !asked ? `: ${held}` : ""}`);
  if (waiting.length === 0) action.log.info("Nothing waits to go on.");
}
