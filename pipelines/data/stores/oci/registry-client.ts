import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Environment } from "../../../ports/host.ts";
import {
  clean,
  type HttpAnswer,
  type HttpRequest,
  type HttpSettings,
  openServerClock,
  ServerError,
  sendRequest,
  triedText,
} from "../../object-storage/send-request.ts";

/** What a request does, as registries name it. */
type RegistryAction = "pull" | "push" | "delete";

interface RegistryRequest extends Omit<HttpRequest, "url"> {
  /** Below `/v2/<name>/`, or the whole address of an upload. */
  path: string;
  action: RegistryAction;
  /** Statuses that are the caller's; any other that is no success throws. */
  answers?: readonly number[];
  /** Sent once only, and a failure that passes is the caller's too. */
  once?: boolean;
}

export interface RegistryClient {
  readonly title: string;
  readonly signedIn: boolean;
  /** What all addresses begin with: `https://ghcr.io/v2/acme/models`. */
  readonly base: string;
  ask(request: RegistryRequest): Promise<HttpAnswer>;
  /** For a request of one's own: the address and headers that `ask` would use. */
  headersFor(action: RegistryAction): Promise<Record<string, string>>;
  settings: HttpSettings;
  /** The registry's clock, as its last answer told it. */
  now(): Date;
}

export interface RegistrySettings {
  /** `ghcr.io`, with a port if need be. */
  host: string;
  /** `acme/models` */
  name: string;
  credentials: RegistryCredentials | null;
  clock: Clock;
  patience?: Pick<HttpSettings, "attempts" | "firstWait" | "timeoutMs">;
}

/** Whether a host is this machine, which is spoken to over plain http, as docker does. */
function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}

/** Speaks to one repository of a registry: https://github.com/opencontainers/distribution-spec, and its tokens: https://distribution.github.io/distribution/spec/auth/token/ */
export function openRegistryClient({ host, name, credentials, clock, patience }: RegistrySettings): RegistryClient {
  const base = `${isLoopback(host) ? "http" : "https"}://${host}/v2/${name}`;
  const title = `the registry ${host}/${name}`;
  const basic =
    credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
  const secrets = credentials && basic ? [credentials.password, basic.slice("Basic ".length)] : [];
  const settings: HttpSettings = { title, clock, secrets, ...patience };
  const known = new Map<RegistryAction, string>();
  const serverClock = openServerClock(clock);
  const send = async ({ path, action, answers: _answers, once, ...request }: RegistryRequest) => {
    const url = path.startsWith("http") ? path : `${base}/${path}`;
    const signed = { ...request, url, headers: { ...request.headers, ...authorization(known.get(action)) } };
    const answer = await sendRequest(once ? { ...settings, attempts: 1 } : settings, signed);
    serverClock.hear(answer.headers);
    return answer;
  };
  const signIn = async (action: RegistryAction, challenge: string) => {
    known.set(action, await answerChallenge(challenge, { basic, action, name, settings, host }));
  };
  const ask = async (request: RegistryRequest): Promise<HttpAnswer> => {
    const { action, answers = [] } = request;
    let answer = await send(request);
    // Without a token yet, or with one that has expired.
    const challenge = answer.status === 401 ? answer.headers.get("www-authenticate") : null;
    if (challenge) {
      await signIn(action, challenge);
      answer = await send(request);
    }
    if (answer.status < 400 || answers.includes(answer.status)) return answer;
    throw refusal(answer, {
      title,
      secrets,
      credentials,
      tried: triedText({ method: request.method, url: `${base}/${request.path}` }),
    });
  };
  return {
    title,
    signedIn: credentials !== null,
    base,
    ask,
    settings,
    now: serverClock.now,
    async headersFor(action) {
      if (!known.has(action)) await ask({ method: "GET", path: "tags/list?n=1", action, answers: [404] });
      return authorization(known.get(action));
    },
  };
}

function authorization(value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { authorization: value };
}

interface Asking {
  basic: string | null;
  action: RegistryAction;
  name: string;
  host: string;
  settings: HttpSettings;
}

/** What to send as Authorization from now on. */
async function answerChallenge(challenge: string, { basic, action, name, host, settings }: Asking): Promise<string> {
  const value = (key: string) => new RegExp(`${key}="([^"]*)"`).exec(challenge)?.[1] ?? null;
  const realm = value("realm");
  if (/^basic/i.test(challenge)) {
    if (basic) return basic;
  } else if (realm !== null && URL.canParse(realm)) {
    const url = new URL(realm);
    // Who answers for the registry may be another host; nobody on the way may read what we say to it.
    if (url.protocol !== "https:" && !(isLoopback(host) && isLoopback(url.host)))
      throw new ServerError(
        `${settings.title} asks to sign in over plain http, at ${url.host}`,
        "to sign in",
        facts401,
      );
    url.searchParams.set("service", value("service") ?? host);
    const actions = action === "push" ? "pull,push" : action;
    url.searchParams.set("scope", `repository:${name}:${actions}`);
    const headers = authorization(basic ?? undefined);
    const answer = await sendRequest(settings, { method: "GET", url: url.href, headers });
    const token = tokenIn(answer.body);
    if (answer.status === 200 && token !== null) return `Bearer ${token}`;
    if (answer.status !== 401 && answer.status !== 403)
      throw new ServerError(`${url.host} gave no token (HTTP ${answer.status})`, "to sign in", {
        status: answer.status,
        code: null,
      });
  }
  throw new ServerError(
    `${settings.title} refused it (HTTP 401): ${cure401(basic !== null, host)}`,
    "to sign in",
    facts401,
  );
}

const facts401 = { status: 401, code: "UNAUTHORIZED" };

function tokenIn(body: Buffer): string | null {
  try {
    const { token, access_token } = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    const found = token ?? access_token;
    return typeof found === "string" ? found : null;
  } catch {
    return null;
  }
}

function cure401(signedIn: boolean, host: string): string {
  if (signedIn) return "it does not take our credentials: the password is wrong, or has expired";
  return host === "ghcr.io"
    ? "there are no credentials: give the job packages: write and GITHUB_TOKEN, or run docker login ghcr.io"
    : `there are no credentials: run docker login ${host}, or set DOCKER_AUTH_CONFIG`;
}

interface Refused {
  title: string;
  secrets: readonly string[];
  credentials: RegistryCredentials | null;
  tried: string;
}

const cures: Readonly<Record<number, string>> = {
  403: "; the token lacks a right: reading needs packages: read, a deploy packages: write",
  405: "; this registry deletes nothing over the network",
  413: "; it takes no file of this size",
  507: "; its disk is full, or its quota used up",
};

function refusal({ status, body }: HttpAnswer, { title, secrets, credentials, tried }: Refused): ServerError {
  const { code, message } = firstError(body);
  const host = title.split(" ").at(-1)?.split("/")[0] ?? "";
  const cure =
    status === 401 || (status === 403 && !credentials)
      ? `; ${cure401(credentials !== null, host)}`
      : (cures[status] ?? "");
  const said = [code, message].filter(Boolean).join(": ");
  const text = `${title} refused it (HTTP ${status}${said ? `, ${said.slice(0, 200)}` : ""})${cure}`;
  return new ServerError(clean(text, { secrets }), tried, { status, code });
}

function firstError(body: Buffer): { code: string | null; message: string | null } {
  try {
    const { errors } = JSON.parse(body.toString("utf8")) as { errors?: { code?: unknown; message?: unknown }[] };
    const [first] = errors ?? [];
    const text = (value: unknown) => (typeof value === "string" ? value : null);
    return { code: text(first?.code), message: text(first?.message) };
  } catch {
    return { code: null, message: null };
  }
}

interface RegistryCredentials {
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
