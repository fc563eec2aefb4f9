import type { RepositoryConfig } from "../config/model-config.ts";
import type { DatasetStore } from "../data/dataset-store.ts";
import type { EngineOf } from "../data/engines/engines.ts";
import type { MlflowMirror } from "../mlflow/mirror.ts";
import type { Clock } from "../ports/clock.ts";
import type { Environment } from "../ports/environment.ts";
import type { Log } from "../ports/log.ts";
import type { RemoteLog } from "../predictions/remote-log.ts";
import type { Git } from "../registry/git/git.ts";
import type { Registry } from "../registry/registry.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { RegistryTrust } from "../trust/registry-trust.ts";
import type { StepCache } from "./step-cache.ts";

/** One repository of models on disk, and all that the pipelines need to work on it. Disposing ends the git that stays for it. */
export interface Workspace extends AsyncDisposable {
  root: string;
  repository: RepositoryConfig;
  git: Git;
  /** The remote that has the registry, the run log and the branches of retrains; null in a repository without remotes. */
  remote: string | null;
  registry: Registry;
  /** Where what is read runs: production, unless `inEnvironment` gave another. */
  environment: string;
  /** Who must have signed what the registry gives, and what signs here. */
  trust: RegistryTrust;
  /** The copy on the server of MLFLOW_TRACKING_URI, which writes to the registry keep up to date; null when there is none. */
  mlflow: MlflowMirror | null;
  /** Where every training is written down. */
  runs: RunLog;
  store: DatasetStore;
  /** The prediction log where it is in a bucket; `repository.predictions` is its folder here then. */
  remoteLog: RemoteLog | null;
  /** Runs what the authors of models wrote in SQL, by their `features.engine`. */
  engineOf: EngineOf;
  cache: StepCache;
  /** Folders outside the repository that the operator, not the repository, lets queries read. */
  extraData: readonly string[];
  /** What mergeml was started with; programs that train get only what they are allowed. */
  env: Environment;
  threads: number;
  toolVersion: string;
  clock: Clock;
  log: Log;
}

export interface WorkspaceOptions {
  directory: string;
  /** Models are to be in this very folder, though the repository around it has no mergeml.yaml yet. */
  isNamed?: boolean;
  env: Environment;
  clock: Clock;
  log: Log;
  useCache: boolean;
}
