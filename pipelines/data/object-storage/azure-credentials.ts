import { readFile } from "node:fs/promises";
import type { Clock } from "../../ports/clock.ts";
import type { Environment } from "../../ports/environment.ts";
import { isFromActions, readIdentityToken } from "./identity-token.ts";
import { sendRequest } from "./send-request.ts";
import { ServerError } from "./server-error.ts";

interface AzureToken {
  token: string;
  expires: Date;
}

/** How requests to a storage account are signed. */
export type AzureAuth =
  | { by: "key"; account: string; key: string }
  | { by: "sas"; token: string }
  | { by: "token"; read(): Promise<AzureToken> }
  | { by: "none" };

/** What the environment has for an account: its key, a shared access signature, or an identity that Azure federates with. */
export function azureAuthOf(account: string, env: Environment, clock: Clock): AzureAuth {
  const { AZURE_STORAGE_SAS_TOKEN: sas } = env;
  const key = env.AZURE_STORAGE_KEY || keyIn(env.AZURE_STORAGE_CONNECTION_STRING ?? "", account);
  if (key) return { by: "key", account, key };
  if (sas) return { by: "sas", token: sas.replace(/^\?/, "") };
  const federated = env.AZURE_CLIENT_ID && env.AZURE_TENANT_ID;
  if (federated && (env.AZURE_FEDERATED_TOKEN_FILE || isFromActions(env)))
    return { by: "token", read: renewed(() => exchangeToken(env, clock), clock) };
  return { by: "none" };
}

/** The key in a connection string, when that is the account's. */
function keyIn(text: string, account: string): string | null {
  const part = (name: string) => new RegExp(`(?:^|;)\\s*${name}=([^;]+)`, "i").exec(text)?.[1] ?? null;
  return part("AccountName") === account ? part("AccountKey") : null;
}

/** Reads a token again only when it is about to end. */
function renewed(read: () => Promise<AzureToken>, clock: Clock): () => Promise<AzureToken> {
  let current: AzureToken | null = null;
  return async () => {
    if (current === null || clock.now().getTime() > current.expires.getTime() - 5 * 60_000) current = await read();
    return current;
  };
}

/** The client credentials flow with a federated assertion: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
async function exchangeToken(env: Environment, clock: Clock): Promise<AzureToken> {
  const { AZURE_CLIENT_ID: client = "", AZURE_TENANT_ID: tenant = "", AZURE_FEDERATED_TOKEN_FILE: file } = env;
  const server = env.AZURE_AUTHORITY_HOST || "https://login.microsoftonline.com/";
  const assertion = file
    ? (await readFile(file, "utf8")).trim()
    : await readIdentityToken(env, "api://AzureADTokenExchange", clock);
  const form = {
    client_id: client,
    scope: "https://storage.azure.com/.default",
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
  const url = new URL(`${encodeURIComponent(tenant)}/oauth2/v2.0/token`, server.endsWith("/") ? server : `${server}/`);
  const answer = await sendRequest(
    { title: "Microsoft Entra", clock, secrets: [assertion] },
    {
      method: "POST",
      url: url.href,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
    },
  );
  const told = parsed(answer.body);
  if (answer.status === 200 && typeof told.access_token === "string")
    return {
      token: told.access_token,
      expires: new Date(clock.now().getTime() + Number(told.expires_in ?? 300) * 1000),
    };
  const why =
    typeof told.error_description === "string" ? told.error_description.split("\r\n")[0] : `HTTP ${answer.status}`;
  throw new ServerError(`Microsoft Entra does not let this job be ${client}: ${why}`, "asking for a token", {
    status: answer.status,
    code: typeof told.error === "string" ? told.error : null,
  });
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}
