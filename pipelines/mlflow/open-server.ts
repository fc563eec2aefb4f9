import { EnvironmentError } from "../errors/environment-error.ts";
import { UserError } from "../errors/user-error.ts";
import { openHttpClient } from "./http-client.ts";
import type { MirrorOptions } from "./mirror.ts";
import { type MlflowApi, mlflowApi } from "./mlflow-api.ts";
import { MlflowError } from "./mlflow-error.ts";
import { readServerSettings } from "./server-settings.ts";

/** The API of the server in the environment, and its address without secrets. Throws UserError when the settings are wrong. */
export function openServer(
  { env, clock }: Pick<MirrorOptions, "env" | "clock">,
  signal?: AbortSignal,
): { api: MlflowApi; url: string } {
  const settings = readServerSettings(env);
  const api = mlflowApi(openHttpClient(settings, { clock, ...(signal && { signal }) }));
  return { api, url: settings.url };
}

/** Whether the next model or run would fail likewise: no answer, no access, or a bug. */
export function concernsAll(error: unknown): boolean {
  if (!(error instanceof EnvironmentError) && !(error instanceof UserError)) return true;
  return error instanceof MlflowError && (error.facts.unclear || [401, 403].includes(error.facts.status ?? 0));
}
