import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join, relative, resolve } from "node:path";
import { loadRepositoryConfig, type RepositoryOrigin } from "./config/repository-config.ts";
import { isStoreAddress } from "./config/store-address.ts";
import { startEngines } from "./data/engines/engines.ts";
import { reachSources } from "./data/sources/reach-sources.ts";
import { openStore } from "./data/stores.ts";
import { UserError } from "./errors/expected-error.ts";
import { mirroredRegistry, openMirror } from "./mlflow/mirror.ts";
import { type Environment, isCi } from "./ports/host.ts";
import { openRemoteLog } from "./predictions/remote-log.ts";
import { leaveOutLargeFiles, openGit } from "./registry/git/git.ts";
import type { ChangeMemory } from "./registry/pointer-changes.ts";
import { openRegistry } from "./registry/registry.ts";
import { findRemote, repositoryName } from "./registry/remote.ts";
import { explainRevertConflict } from "./registry/revert-conflict.ts";
import { openRegistryTrust } from "./registry/trust/trust-policy.ts";
import { openRunLog } from "./run-log/run-log.ts";
import { findRoot, namedRoot, prepareLocalFolder } from "./workspace/find-root.ts";
import { requireReviewedSources } from "./workspace/reviewed-sources.ts";
import { openSharedSteps, stepRights } from "./workspace/shared-steps.ts";
import { openStepCache } from "./workspace/step-cache.ts";
import { toolVersion } from "./workspace/tool-version.ts";

import type { Workspace, WorkspaceOptions } from "./workspace/workspace.ts";

/** Opens the repository around `directory`. Throws UserError when mergeml.yaml is wrong or there is no repository. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { clock, log, env } = options;
  const root = (options.isNamed ? namedRoot : findRoot)(options.directory);
  const origin = { confined: isCi(env), given: givenFolders(env) };
  const { config: repository, problems } = await loadRepositoryConfig(root, origin);
  if (problems.length > 0) throw new UserError(problems);
  const git = openGit(root, { env, log });
  // Asked for now, so that a fetch can start at once while the configs are read.
  const [remote] = await Promise.all([findRemote(git, repository.remote), prepareLocalFolder(root, git, repository)]);
  const filter = remote !== null && origin.confined ? await leaveOutLargeFiles(git, remote) : null;
  let name: Promise<string> | undefined;
  const repositoryOf = () => (name ??= repositoryName(git, remote, root));
  const store = openStore(repository.store, {
    root,
    env,
    repository: repositoryOf,
    sources: repository.sources,
    clock,
    log,
  });
  if (existsSync(join(root, ".git", "REVERT_HEAD")))
    log.warn((await explainRevertConflict(git)) ?? "a git revert is under way");
  const rights = () => stepRights({ git, remote, env }, repository, log);
  const shared = repository.step_cache ? openSharedSteps({ store, rights, log }) : null;
  const cache = openStepCache(join(root, ".mergeml", "cache"), options.useCache, { shared });
  const branch = repository.registry;
  const memory: ChangeMemory = {
    read: () => cache.read("last-changes", { branch, remote }),
    write: (changes) => cache.write("last-changes", { branch, remote }, changes),
  };
  const trust = openRegistryTrust({ git, remote, env, clock, log });
  const registry = openRegistry({ git, branch, remote, filter, clock, log, store, memory, trust });
  const { sources, predictions } = repository;
  const local = join(root, ".mergeml", "predictions");
  const remoteLog = isStoreAddress(predictions)
    ? openRemoteLog({ address: predictions, sources, env, clock, local })
    : null;
  const review = requireReviewedSources({ git, remote, env }, sources);
  const reach = reachSources({ sources, env, clock, review, installed: join(root, ".mergeml", "duckdb") });
  const runs = openRunLog({ root, git, env, remote, clock, log });
  const mlflow = openMirror({ env, git, registry, runs, clock, log });
  return {
    root,
    repository: remoteLog ? { ...repository, predictions: relative(root, remoteLog.folder) } : repository,
    environment: "production",
    remoteLog,
    git,
    remote,
    registry: mlflow ? mirroredRegistry(registry, mlflow, log) : registry,
    trust,
    mlflow,
    runs,
    store,
    engineOf: startEngines({ sources, env, reach, review }),
    cache,
    extraData: (env.MERGEML_DATA_DIRS ?? "")
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => resolve(folder)),
    env,
    threads: availableParallelism(),
    toolVersion,
    clock,
    log,
    [Symbol.asyncDispose]: async () => {
      const closed = store.shared?.remote[Symbol.asyncDispose]();
      await Promise.all([git[Symbol.asyncDispose](), closed]);
    },
  };
}

/** What the operator sets, for places that a CI job may not take from the repository. */
function givenFolders({ MERGEML_STORE, MERGEML_PREDICTIONS }: Environment): RepositoryOrigin["given"] {
  return {
    ...(MERGEML_STORE && { store: isStoreAddress(MERGEML_STORE) ? MERGEML_STORE : resolve(MERGEML_STORE) }),
    ...(MERGEML_PREDICTIONS && {
      predictions: isStoreAddress(MERGEML_PREDICTIONS) ? MERGEML_PREDICTIONS : resolve(MERGEML_PREDICTIONS),
    }),
  };
}
