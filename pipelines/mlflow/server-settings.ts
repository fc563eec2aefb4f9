import { EnvironmentError, UserError } from "../errors/expected-error.ts";
import { openHttpClient } from "./http-client.ts";
import type { MirrorOptions } from "./mirror.ts";
import { type MlflowApi, MlflowError, mlflowApi } from "./mlflow-api.ts";

/** Where the MLflow server is, and how to sign in. */
export interface ServerSettings {
  /** Without credentials, query and trailing slash: safe to show. */
  url: string;
  /** The Authorization header; null when none is set. */
  authorization: string | null;
  /** What must never be told, in every form it may be echoed in. */
  secrets: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The server of MLFLOW_TRACKING_URI. Throws UserError for one that is not reached over http(s). */
export function readServerSettings(env: Environment): ServerSettings {
  const uri = parseUri(env.MLFLOW_TRACKING_URI?.trim() ?? "");
  const { authorization, secrets } = credentials(uri, env);
  return { url: `${uri.origin}${uri.pathname.replace(/\/+$/, "")}`, authorization, secrets };
}

/** The URI itself is not repeated in the error: it may hold a password. */
function parseUri(written: string): URL {
  const uri = URL.canParse(written) ? new URL(written) : null;
  if (uri?.protocol === "http:" || uri?.protocol === "https:") return uri;
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(written)?.[0].slice(0, 20);
  throw new UserError({
    message: `MLFLOW_TRACKING_URI ${scheme ? `is a ${scheme}: URI` : "is not a URI"}; only MLflow servers at http:// or https:// are mirrored to`,
    hint: "e.g. MLFLOW_TRACKING_URI=https://mlflow.example.org, or unset it",
  });
}

/** User and password first, then the token, as MLflow's own client does; the environment goes before the URI's user. */
function credentials(uri: URL, env: Environment): Pick<ServerSettings, "authorization" | "secrets"> {
  const user = env.MLFLOW_TRACKING_USERNAME || decode(uri.username);
  const password = env.MLFLOW_TRACKING_PASSWORD || decode(uri.password);
  const token = env.MLFLOW_TRACKING_TOKEN?.trim();
  const secrets = [password, uri.password, token ?? ""];
  if (user && password) {
    const basic = Buffer.from(`${user}:${password}`).toString("base64");
    return { authorization: `Basic ${basic}`, secrets: [...secrets, basic].filter(Boolean) };
  }
  if (token && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError({
      message: "MLFLOW_TRACKING_TOKEN has characters that a request header cannot have",
      hint: "set it again, without spaces and line breaks",
    });
  }
  return { authorization: token ? `Bearer ${token}` : null, secrets: secrets.filter(Boolean) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

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
