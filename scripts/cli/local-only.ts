import type { Workspace } from "../../pipelines/workspace/workspace.ts";

/** What is added to what a command says of production when the registry is in this repository alone; empty else. */
export function localOnly({ remote, repository }: Pick<Workspace, "remote" | "repository">): string {
  if (remote !== null) return "";
  return `\nLocal only: this repository has no remote, so the registry is its own branch ${repository.registry}, and nobody else sees this`;
}
