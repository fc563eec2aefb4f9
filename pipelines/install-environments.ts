import { dirname, join } from "node:path";
import { sha256 } from "./config/canonical-json.ts";
import type { LoadedModel } from "./config/load-models.ts";
import { apartWhereItSigns } from "./registry/trust/signing-job.ts";
import { environmentKey, openEnvironment } from "./training/command/packages/open-environment.ts";
import type { ProgramSource } from "./training/trainer.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** The environment of a model's program, and the lock file that it is made of. */
export interface InstalledEnvironment {
  model: string;
  lock: string;
  facts: Readonly<Record<string, string>>;
}

/** Makes the environments that the programs of these models name, so that a training finds them; those that are there are kept. */
export async function installEnvironments(
  { root, env: given, log, trust }: Workspace,
  models: readonly LoadedModel[],
): Promise<InstalledEnvironment[]> {
  const installed: InstalledEnvironment[] = [];
  const env = await apartWhereItSigns(given, trust);
  for (const { model, lock, source } of withEnvironment(root, env, models)) {
    const { facts } = await openEnvironment(lock, source, log);
    installed.push({ model, lock, facts });
  }
  return installed;
}

/** What the environments of these models are kept by together, or null when none has one: 64 hex digits. Nothing is made. */
export async function environmentsKey(
  { root, env }: Workspace,
  models: readonly LoadedModel[],
): Promise<string | null> {
  const keys: string[] = [];
  for (const { lock, source } of withEnvironment(root, env, models)) keys.push(await environmentKey(lock, source));
  return keys.length === 0 ? null : sha256([...new Set(keys)].sort().join("\n")).slice("sha256:".length);
}

function withEnvironment(root: string, env: ProgramSource["env"], models: readonly LoadedModel[]) {
  return models.flatMap(({ config, file, files }) => {
    const lock = config.params.environment;
    if (!files || typeof lock !== "string") return [];
    const name = dirname(file);
    return [{ model: config.name, lock, source: { folder: join(root, name), name, files, env } }];
  });
}
