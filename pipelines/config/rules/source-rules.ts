import { didYouMean } from "../../errors/expected-error.ts";
import type { SourceConfig, Sources } from "../model-config.ts";
import { compileSchema } from "../schema/compile-schema.ts";
import { azureKeys, gcsKeys, s3Keys } from "../schema/source-keys.ts";
import { sourceSchemas } from "../schema/sources-schema.ts";
import type { Finding } from "../yaml/finding.ts";
import { when } from "./rule.ts";

/** Names that stand for something else in a query or in `features.engine`. */
const reserved: ReadonlySet<string> = new Set([
  ...["duckdb", "postgres", "spark", "databricks", "features"],
  ...["memory", "temp", "system", "main", "mergeml", "pg_catalog", "information_schema"],
]);

/** What is wrong with sources that have a type: their names, the keys of their type, and keys that do not go together. */
export function sourceFindings(sources: Sources): Finding[] {
  return Object.entries(sources).flatMap(([name, source]) => {
    const misshapen = keyFindings(name, source);
    return [...nameRule(name), ...misshapen, ...(misshapen.length === 0 ? togetherRules(name, source) : [])];
  });
}

function nameRule(name: string): Finding[] {
  const path = ["sources", name];
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(name)) {
    const message = `the name of a source must be lower-case letters, digits and underscores, not ${JSON.stringify(name.slice(0, 60))}`;
    return [{ path, at: "key", message, hint: "queries write it as a schema's name: FROM shop.features.orders" }];
  }
  return when(reserved.has(name), {
    path,
    at: "key",
    message: `a source cannot be called ${name}, which means something else in a query or in features.engine`,
    hint: `for example ${name}_data`,
  });
}

function keyFindings(name: string, source: SourceConfig): Finding[] {
  const validate = compileSchema(sourceSchemas[source.type], () => `key of a source of type ${source.type}`);
  const prefix = `sources.${name}`;
  return validate(source).map(({ message, path, ...finding }) => ({
    ...finding,
    path: ["sources", name, ...path],
    message: message.startsWith("the file") ? message.replace("the file", prefix) : `${prefix}.${message}`,
  }));
}

function togetherRules(name: string, source: SourceConfig): Finding[] {
  const keys = Object.keys(source);
  return keys.flatMap((key) => {
    const path = ["sources", name, key];
    const where = `sources.${name}.${key}`;
    return [
      ...authRule(where, path, key, source),
      ...storageRule(where, path, key, source),
      ...when(keys.some((other) => pairs[key] === other) === false && pairs[key] !== undefined, {
        path,
        message: `${where} needs ${pairs[key]} beside it`,
        hint: "name both variables, or neither for the usual ones",
      }),
    ];
  });
}

/** Keys that are of use together. */
const pairs: Readonly<Record<string, string>> = {
  access_key_id: "secret_access_key",
  secret_access_key: "access_key_id",
  session_token: "secret_access_key",
};

const byAuth: Readonly<Record<string, readonly string[]>> = {
  oidc: ["role", "workload_identity_provider", "service_account", "tenant", "client"],
  env: ["access_key_id", "secret_access_key", "session_token", "connection_string", "token"],
};

function authRule(where: string, path: string[], key: string, source: SourceConfig): Finding[] {
  const wanted = Object.keys(byAuth).find((auth) => byAuth[auth]!.includes(key));
  if (wanted === undefined || source.type === "databricks") return [];
  const auth = "auth" in source ? source.auth : undefined;
  const usual = source.type === "http" ? "none" : "env";
  return when((auth ?? usual) !== wanted, {
    path,
    message: `${where} is for auth: ${wanted}, and the source has ${auth === undefined ? "no auth" : `auth: ${auth}`}`,
    hint: `write auth: ${wanted}, or remove ${key}`,
  });
}

const storages = { s3: s3Keys, gcs: gcsKeys, azure: azureKeys } as const;

/** A table's address says which storage it is in, and keys of another would do nothing. */
function storageRule(where: string, path: string[], key: string, source: SourceConfig): Finding[] {
  if ((source.type !== "delta" && source.type !== "iceberg") || key === "type" || key === "url") return [];
  const storage = storageOf(source.url);
  const known = Object.keys(storages[storage]);
  const suggestion = didYouMean(key, known);
  return when(!known.includes(key), {
    path,
    at: "key",
    message: `${where} does nothing: the table's address is one of ${storage}`,
    hint: `${suggestion ? `did you mean ${suggestion}?  ` : ""}Known here: ${known.join(", ")}`,
  });
}

/** The kind of object storage that an address is in. */
export function storageOf(url: string): "s3" | "gcs" | "azure" {
  if (/^(gs|gcs):/.test(url)) return "gcs";
  return /^s3:/.test(url) ? "s3" : "azure";
}
