import type { Git } from "../../registry/git/git.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { type LastCheck, lastCheck } from "../../watch/last-check.ts";
import type { Workspace } from "../../workspace/workspace.ts";

/** Where the server reads the registry, and how it learns that it has moved. */
export interface RegistrySource extends AsyncDisposable {
  /** For people, without credentials. */
  readonly address: string;
  readonly branch: string;
  /** What is served: its snapshots are those of `viewOfSnapshot`. */
  readonly environment: string;
  readonly git: Git;
  /** The commit that the registry is at now. Cheap when it has not moved. null: there is no registry branch. */
  tip(): Promise<string | null>;
  /** Fetches what is new, and opens it. */
  fetch(): Promise<Snapshot>;
  /** What was good when it was last served, without asking anybody; its `tip` is null when nothing was. */
  lastGood(): Promise<Snapshot>;
  /** Brings files that the clone has left out, by their ids, at once rather than one by one. */
  bring(files: readonly string[]): Promise<void>;
  /** Remembers that this commit is served. */
  keep(tip: string): Promise<void>;
  /** What the last check of drift found of a version, where checks are kept; absent where nobody could know. */
  lastDrift?(record: VersionRecord): Promise<LastCheck | null>;
}

/** The registry of the repository that the server is started in: its commands have all of it already. */
export function checkoutSource(workspace: Workspace): RegistrySource {
  const { git, registry, remote, repository, root, environment } = workspace;
  const branch = repository.registry;
  const ref = `refs/heads/${branch}`;
  return {
    address: remote === null ? root : `${root}, ${remote}`,
    branch,
    environment,
    git,
    async tip() {
      const args = remote === null ? ["rev-parse", "--quiet", "--verify", ref] : ["ls-remote", remote, ref];
      return /^[0-9a-f]{40,64}/.exec(await git.text(args, { allow: remote === null ? [1] : [] }))?.[0] ?? null;
    },
    fetch: () => registry.snapshot({ fetch: true }),
    lastGood: () => registry.snapshot({ fetch: false }),
    bring: async () => {},
    keep: async () => {},
    lastDrift: (record) => lastCheck(workspace, record),
    [Symbol.asyncDispose]: async () => {},
  };
}
