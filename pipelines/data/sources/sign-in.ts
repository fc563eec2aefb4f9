import type { FromVariable, SourceConfig, Sources } from "../../config/model-config.ts";
import { storageOf } from "../../config/rules/source-rules.ts";
import type { Clock, Environment } from "../../ports/host.ts";
import { azureAuthOf, isFromActions, openAwsCredentials, readIdentityToken } from "../object-storage/credentials.ts";
import { ServerError, sendRequest } from "../object-storage/send-request.ts";
import { MissingCredential, variableOf } from "./missing-credential.ts";
import type { SourceAccess, StorageKeys } from "./source-objects.ts";
import { type StorageSettings, settingsOf } from "./storage-settings.ts";

interface SignIn {
  /** Of the source, for messages. */
  name: string;
  settings: StorageSettings;
  env: Environment;
  clock: Clock;
}

/**
 * Signs in to a source with what the environment has. Throws MissingCredential when that lacks something, and ServerError when
 * an identity is refused. Databricks and Spark sign in by themselves.
 */
export async function signIn(
  name: string,
  config: SourceConfig,
  sources: Sources,
  env: Environment,
  clock: Clock,
): Promise<SourceAccess> {
  if (config.type === "postgres" || config.type === "mysql")
    return { kind: "database", url: variableOf(name, config.url, env) };
  if (config.type === "http") return { kind: "http", bearer: httpToken(name, config, env) };
  if (config.type === "databricks" || config.type === "spark")
    return { kind: "database", url: config.type === "spark" ? variableOf(name, config.url, env) : "" };
  const { type: _type, url, ...own } = config;
  return signInToStorage({ name, url, settings: settingsOf(url, own, sources), env, clock });
}

/** Signs in to the storage of an address, as settings say. */
export async function signInToStorage({ url, ...asked }: SignIn & { url: string }): Promise<SourceAccess> {
  const kind = storageOf(url);
  const endpoint = asked.settings.endpoint ?? null;
  if (kind === "s3") {
    const { AWS_REGION, AWS_DEFAULT_REGION } = asked.env;
    const region = asked.settings.region ?? AWS_REGION ?? AWS_DEFAULT_REGION ?? "us-east-1";
    return { kind, endpoint, region, keys: await awsKeys(asked) };
  }
  if (kind === "gcs") return { kind, endpoint, ...(await googleAccess(asked)) };
  return { kind, endpoint, account: accountOf(url, asked.settings), ...(await azureAccess(url, asked)) };
}

function httpToken(name: string, { auth, token }: SourceConfig<"http">, env: Environment): string | null {
  if (auth !== "env") return null;
  return variableOf(name, token ?? { env: "HTTP_TOKEN" }, env);
}

async function awsKeys({ name, settings, env, clock }: SignIn): Promise<StorageKeys | null> {
  const { auth = "env", role } = settings;
  if (auth === "none") return null;
  if (auth === "env")
    return givenKeys(name, settings, env, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]);
  const known: Environment = { ...env, AWS_ROLE_ARN: role ?? env.AWS_ROLE_ARN };
  requireIdentity(name, env, env.AWS_WEB_IDENTITY_TOKEN_FILE);
  if (!known.AWS_ROLE_ARN) throw lacksName(name, "role", "AWS_ROLE_ARN");
  const keys = await openAwsCredentials("oidc", known, clock).get();
  return keys && { id: keys.accessKeyId, secret: keys.secretAccessKey, session: keys.sessionToken ?? null };
}

function givenKeys(
  name: string,
  { access_key_id, secret_access_key, session_token }: StorageSettings,
  env: Environment,
  [id, secret, session]: readonly [string, string, string?],
): StorageKeys {
  const own = access_key_id !== undefined;
  const variable = (given: FromVariable | undefined, usual: string) => variableOf(name, given ?? { env: usual }, env);
  const sessionName = session_token?.env ?? (own ? undefined : session);
  return {
    id: variable(access_key_id, id),
    secret: variable(secret_access_key, secret),
    session: (sessionName && env[sessionName]?.trim()) || null,
  };
}

async function googleAccess({ name, settings, env, clock }: SignIn) {
  const { auth = "env" } = settings;
  if (auth === "none") return { keys: null, bearer: null };
  if (auth === "env")
    return { keys: givenKeys(name, settings, env, ["GCS_ACCESS_KEY_ID", "GCS_SECRET_ACCESS_KEY"]), bearer: null };
  requireIdentity(name, env, undefined);
  const provider = settings.workload_identity_provider ?? env.GCP_WORKLOAD_IDENTITY_PROVIDER;
  if (!provider) throw lacksName(name, "workload_identity_provider", "GCP_WORKLOAD_IDENTITY_PROVIDER");
  const account = settings.service_account ?? env.GCP_SERVICE_ACCOUNT ?? null;
  return { keys: null, bearer: await googleToken({ provider, account, env, clock }) };
}

async function azureAccess(url: string, { name, settings, env, clock }: SignIn) {
  const { auth = "env", tenant, client, connection_string, endpoint } = settings;
  if (auth === "none") return { connection: null, bearer: null };
  const account = accountOf(url, settings);
  if (auth === "env") {
    const key = env.AZURE_STORAGE_KEY?.trim();
    if (connection_string === undefined && !env.AZURE_STORAGE_CONNECTION_STRING && key && account !== null)
      return { connection: connectionOf(account, key, endpoint), bearer: null };
    const variable = connection_string ?? { env: "AZURE_STORAGE_CONNECTION_STRING" };
    return { connection: variableOf(name, variable, env), bearer: null };
  }
  const known: Environment = {
    ...env,
    AZURE_TENANT_ID: tenant ?? env.AZURE_TENANT_ID,
    AZURE_CLIENT_ID: client ?? env.AZURE_CLIENT_ID,
    AZURE_STORAGE_KEY: undefined,
    AZURE_STORAGE_SAS_TOKEN: undefined,
  };
  requireIdentity(name, env, env.AZURE_FEDERATED_TOKEN_FILE);
  if (!known.AZURE_TENANT_ID) throw lacksName(name, "tenant", "AZURE_TENANT_ID");
  if (!known.AZURE_CLIENT_ID) throw lacksName(name, "client", "AZURE_CLIENT_ID");
  const signed = azureAuthOf(account ?? "", known, clock);
  return { connection: null, bearer: signed.by === "token" ? (await signed.read()).token : null };
}

/** The account that an address or the settings name. */
function accountOf(url: string, { account }: StorageSettings): string | null {
  return account ?? /^abfss:\/\/[^@]+@([^.]+)\./.exec(url)?.[1] ?? null;
}

function connectionOf(account: string, key: string, endpoint: string | undefined): string {
  const where = endpoint === undefined ? "EndpointSuffix=core.windows.net" : `BlobEndpoint=${endpoint}`;
  const protocol = endpoint?.startsWith("http:") ? "http" : "https";
  return `DefaultEndpointsProtocol=${protocol};AccountName=${account};AccountKey=${key};${where}`;
}

function requireIdentity(name: string, env: Environment, file: string | undefined): void {
  if (file || isFromActions(env)) return;
  throw new MissingCredential(
    name,
    `the source ${name} has auth: oidc, and nobody vouches for this job`,
    "give the job the permission id-token: write; a fork's pull request does not get it, and a maintainer can run it",
  );
}

function lacksName(name: string, key: string, variable: string): MissingCredential {
  return new MissingCredential(
    name,
    `the source ${name} has auth: oidc, and neither ${key} in mergeml.yaml nor ${variable} says whom to act as`,
    `add ${key} to sources.${name}, or set ${variable}`,
  );
}

interface GoogleIdentity {
  /** `projects/…/providers/…` */
  provider: string;
  /** Whom to act as; null for the identity itself. */
  account: string | null;
  env: Environment;
  clock: Clock;
}

const scope = "https://www.googleapis.com/auth/devstorage.read_only";

/**
 * A token for Google Cloud Storage in exchange for the workflow's: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token.
 * `GOOGLE_STS_URL` and `GOOGLE_IAM_URL` name other servers than Google's. Throws ServerError when it is refused.
 */
async function googleToken({ provider, account, env, clock }: GoogleIdentity): Promise<string> {
  const audience = `//iam.googleapis.com/${provider}`;
  const subject_token = await readIdentityToken(env, `https:${audience}`, clock);
  const federated = await ask(
    `${env.GOOGLE_STS_URL ?? "https://sts.googleapis.com"}/v1/token`,
    {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      audience,
      scope: account === null ? scope : "https://www.googleapis.com/auth/cloud-platform",
      subject_token,
    },
    { clock, secrets: [subject_token], bearer: null, field: "access_token" },
  );
  if (account === null) return federated;
  const server = env.GOOGLE_IAM_URL ?? "https://iamcredentials.googleapis.com";
  return ask(
    `${server}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
    { scope: [scope] },
    { clock, secrets: [federated], bearer: federated, field: "accessToken" },
  );
}

interface Asking {
  clock: Clock;
  secrets: readonly string[];
  bearer: string | null;
  field: string;
}

async function ask(url: string, body: unknown, { clock, secrets, bearer, field }: Asking): Promise<string> {
  const title = `Google (${new URL(url).host})`;
  const headers = { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const answer = await sendRequest(
    { title, clock, secrets },
    { method: "POST", url, headers, body: JSON.stringify(body) },
  );
  const told = parsed(answer.body);
  const value = told[field];
  if (answer.status === 200 && typeof value === "string") return value;
  const { error_description, error } = told;
  const why = error_description ?? (error as { message?: unknown } | undefined)?.message ?? `HTTP ${answer.status}`;
  throw new ServerError(`${title} does not let this job in: ${String(why)}`, "exchanging the workflow's identity", {
    status: answer.status,
    code: typeof error === "string" ? error : null,
  });
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}
