import { UserError } from "../../errors/expected-error.ts";
import type { Clock, Environment } from "../../ports/host.ts";
import { openAzure } from "../object-storage/azure.ts";
import { awsAuthOf, azureAuthOf, openAwsCredentials } from "../object-storage/credentials.ts";
import { openS3 } from "../object-storage/s3.ts";
import { openBucketStore } from "./bucket-store.ts";
import type { RemoteStore } from "./remote-store.ts";

interface Options {
  env: Environment;
  clock: Clock;
}

/** `s3://bucket/prefix?region=…&endpoint=…`; what is not in the address is in AWS_REGION and AWS_ENDPOINT_URL. */
export function openS3Store(address: string, { env, clock }: Options): RemoteStore {
  const { host: bucket, path: prefix, settings } = parseAddress(address, ["region", "endpoint"]);
  const endpoint = settings.endpoint || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || null;
  const region = settings.region || env.AWS_REGION || env.AWS_DEFAULT_REGION || (endpoint ? "us-east-1" : null);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw wrongAddress(
      `${JSON.stringify(bucket)} is no name of a bucket`,
      "s3://acme-models/store?region=eu-central-1",
    );
  if (region === null)
    throw wrongAddress("nothing says in which region the bucket is", `s3://${bucket}/${prefix}?region=eu-central-1`);
  const auth = awsAuthOf(env);
  const credentials = openAwsCredentials(auth, env, clock);
  const storage = openS3({ bucket, region, endpoint, credentials, signedIn: auth !== "none", clock });
  return openBucketStore(storage, prefix, `s3://${bucket}`);
}

/** `azure://account/container/prefix?endpoint=…`. */
export function openAzureStore(address: string, { env, clock }: Options): RemoteStore {
  const { host, path, settings } = parseAddress(address, ["endpoint"]);
  const account = host.replace(/\.blob\.core\.windows\.net$/, "");
  const [container = "", ...prefix] = path.split("/");
  const example = "azure://acmeml/models/store";
  if (!/^[a-z0-9]{3,24}$/.test(account)) throw wrongAddress(`${JSON.stringify(host)} is no storage account`, example);
  if (!/^[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]$/.test(container))
    throw wrongAddress(`${JSON.stringify(container)} is no name of a container`, example);
  const auth = azureAuthOf(account, env, clock);
  // These are sent as they are, so that a server of somebody else's would have them.
  if (settings.endpoint && !isLocal(settings.endpoint) && (auth.by === "sas" || auth.by === "token"))
    throw wrongAddress(
      "a token or a shared access signature goes to Azure alone",
      `leave out endpoint=${settings.endpoint}`,
    );
  return openBucketStore(
    openAzure({ account, container, endpoint: settings.endpoint ?? null, auth, clock }),
    prefix.join("/"),
    `https://${account}.blob.core.windows.net/${container}`,
  );
}

interface Address {
  host: string;
  path: string;
  settings: Readonly<Record<string, string | undefined>>;
}

function parseAddress(address: string, known: readonly string[]): Address {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.username || url.password || url.hash)
    throw wrongAddress(`${JSON.stringify(address)} is no address`, "s3://acme-models/store?region=eu-central-1");
  const settings = Object.fromEntries(url.searchParams);
  const [unknown] = Object.keys(settings).filter((name) => !known.includes(name));
  if (unknown !== undefined)
    throw wrongAddress(`its setting ${unknown} is unknown`, `known are ${known.join(" and ")}`);
  const { endpoint } = settings;
  if (endpoint !== undefined && !isEndpoint(endpoint))
    throw wrongAddress("its endpoint is no address of a server", "for example ?endpoint=https://minio.example.com");
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  return { host: url.host, path, settings };
}

function isEndpoint(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") && !url.username && !url.search;
}

function isLocal(endpoint: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(new URL(endpoint).hostname);
}

function wrongAddress(what: string, example: string): UserError {
  return new UserError({ message: `store in mergeml.yaml: ${what}`, hint: example, key: "store" });
}
