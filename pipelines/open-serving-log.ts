import { join, resolve } from "node:path";
import type { ModelConfig } from "./config/model-config.ts";
import { isStoreAddress } from "./config/store-address.ts";
import type { Clock, Environment, Log } from "./ports/host.ts";
import type { RemoteLog } from "./predictions/remote-log.ts";
import { logSettings } from "./serving/log/log-settings.ts";
import type { PredictionLogOptions } from "./serving/log/prediction-log.ts";
import type { WriterOwner } from "./serving/log/writer-protocol.ts";
import { noLog, type ServingLog } from "./serving/served-model.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Where a server is told to log. */
export interface ServingLogPlace {
  /** A folder, an address, or `none`; undefined: as mergeml.yaml says. */
  given: string | undefined;
  /** Folders are relative to it. */
  directory: string;
  /** The repository that the server was started in; null when it serves another's registry. */
  workspace: Workspace | null;
  /** Folder of this machine's copies. */
  cache: string;
  owner: WriterOwner;
  env: Environment;
  clock: Clock;
  log: Log;
  limits?: PredictionLogOptions["limits"];
}

/** Opens the prediction log of a server. One of a registry without a repository logs only where it is told to. */
export async function openServingLog(place: ServingLogPlace): Promise<ServingLog> {
  const { given, workspace, directory, owner, clock, log, limits = {} } = place;
  if (given === "none") return noLog;
  const remote = await remoteLogOf(place);
  const folder = remote ? `${remote.folder}-outbox` : folderOf(given, directory, workspace);
  if (folder === null) {
    log.warn("predictions are not logged: name a folder or a bucket for them with --log, or say --log none");
    return noLog;
  }
  const settings = await settingsOfToday(workspace, log);
  // What is not used at a start is not loaded by it.
  const { openPredictionLog } = await import("./serving/log/prediction-log.ts");
  const { openOutbox } = await import("./serving/log/outbox.ts");
  // Told now rather than when the first file is to be sent; answers do not wait for it.
  remote?.signIn().catch((error: Error) => log.warn(`prediction log: files will wait to be sent: ${error.message}`));
  const outbox = remote
    ? openOutbox({ folder, sent: `${remote.folder}-sent`, log, send: (path) => remote.send(path, folder) })
    : null;
  return openPredictionLog({
    ...{ folder, owner, outbox, clock, log, limits },
    settingsOf: ({ name, record }) => logSettings(settings.get(name) ?? record.candidate.config),
  });
}

function folderOf(given: string | undefined, directory: string, workspace: Workspace | null): string | null {
  if (given !== undefined) return resolve(directory, given);
  return workspace && resolve(workspace.root, workspace.repository.predictions);
}

async function remoteLogOf({ given, workspace, cache, env, clock }: ServingLogPlace): Promise<RemoteLog | null> {
  if (given === undefined) return workspace?.remoteLog ?? null;
  if (!isStoreAddress(given)) return null;
  const { openRemoteLog } = await import("./predictions/remote-log.ts");
  const sources = workspace?.repository.sources ?? {};
  return openRemoteLog({ address: given, sources, env, clock, local: join(cache, "predictions") });
}

/** What the files say of models now; of one whose file is wrong or gone nothing. */
async function settingsOfToday(
  workspace: Workspace | null,
  log: Log,
): Promise<Map<string, Pick<ModelConfig, "serving">>> {
  if (workspace === null) return new Map();
  const { readModels } = await import("./workspace/workspace.ts");
  const { models, problems } = await readModels(workspace);
  for (const { message } of problems.filter(({ severity }) => severity !== "warning"))
    log.warn(`the prediction log goes by what was registered of a model whose file is wrong: ${message}`);
  return new Map(models.map(({ config }) => [config.name, config]));
}
