import { relative } from "node:path";
import { logPlaceIn } from "../predictions/log-place.ts";
import { viewOfRegistry } from "../registry/environment-view.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The workspace as an environment sees it, for reading: what runs there takes the place of production, and its prediction log
 * lies apart, so that no row of one environment speaks for another.
 */
export function inEnvironment(workspace: Workspace, environment: string): Workspace {
  if (environment === "production") return workspace;
  const { root, repository, registry } = workspace;
  const remoteLog = workspace.remoteLog?.within(environment) ?? null;
  const predictions = remoteLog ? relative(root, remoteLog.folder) : logPlaceIn(repository.predictions, environment);
  return {
    ...workspace,
    environment,
    remoteLog,
    repository: { ...repository, predictions },
    registry: viewOfRegistry(registry, environment),
  };
}
