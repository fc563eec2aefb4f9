import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../../ports/environment.ts";

export interface RegistryCredentials {
  username: string;
  password: string;
}

/**
 * Who we are to a registry: what `docker login` wrote down for it, DOCKER_AUTH_CONFIG in the same format, or for ghcr.io the
 * workflow's own token. Each is for one host and never sent to another. null when there is none.
 */
export function registryCredentials(host: string, env: Environment): RegistryCredentials | null {
  const own = fromConfig(env.DOCKER_AUTH_CONFIG ?? "", host) ?? fromConfig(dockerConfig(env), host);
  if (own) return own;
  const token = env.GITHUB_TOKEN ?? env.GH_TOKEN;
  return host === "ghcr.io" && token ? { username: env.GITHUB_ACTOR || "x-access-token", password: token } : null;
}

function dockerConfig({ DOCKER_CONFIG, HOME }: Environment): string {
  const folder = DOCKER_CONFIG ?? (HOME ? join(HOME, ".docker") : null);
  if (folder === null) return "";
  try {
    return readFileSync(join(folder, "config.json"), "utf8");
  } catch {
    return "";
  }
}

function fromConfig(text: string, host: string): RegistryCredentials | null {
  const auth = authOf(text, host);
  const [, username, password] = /^([^:]+):(.+)$/s.exec(Buffer.from(auth, "base64").toString("utf8")) ?? [];
  return username && password ? { username, password: password.replace(/\0+$/, "") } : null;
}

function authOf(text: string, host: string): string {
  try {
    const { auths } = JSON.parse(text) as { auths?: Record<string, { auth?: unknown }> };
    const auth = auths?.[host]?.auth ?? auths?.[`https://${host}`]?.auth;
    return typeof auth === "string" ? auth : "";
  } catch {
    return ""; // also where there is no such file
  }
}
