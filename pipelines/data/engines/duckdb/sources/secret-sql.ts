import type { SourceAccess } from "../../../sources/reachable-source.ts";
import { quoteName, quoteText } from "../dialect.ts";

/** The statement by which DuckDB signs in to what is below `scope`; null when it needs none. */
export function secretSql(name: string, scope: string, access: SourceAccess): string | null {
  const options = secretOptions(access);
  if (options === null) return null;
  const list = [...options, ["SCOPE", quoteText(scope)]].map(([key, value]) => `${key} ${value}`);
  return `CREATE SECRET ${quoteName(`mergeml_${name}`)} (${list.join(", ")})`;
}

type Options = [string, string][];

function secretOptions(access: SourceAccess): Options | null {
  if (access.kind === "s3") return [["TYPE", "s3"], ...keyOptions(access), ["REGION", quoteText(access.region)]];
  if (access.kind === "gcs")
    return [["TYPE", "gcs"], ...keyOptions(access), ...(access.bearer ? [text("BEARER_TOKEN", access.bearer)] : [])];
  if (access.kind === "azure") return azureOptions(access);
  if (access.kind === "http" && access.bearer) return [["TYPE", "http"], text("BEARER_TOKEN", access.bearer)];
  return null;
}

function text(key: string, value: string): [string, string] {
  return [key, quoteText(value)];
}

/** A secret without keys asks as nobody; one there must be, or DuckDB looks for others. */
function keyOptions({ keys, endpoint }: SourceAccess & { kind: "s3" | "gcs" }): Options {
  const signed: Options = keys
    ? [
        text("KEY_ID", keys.id),
        text("SECRET", keys.secret),
        ...(keys.session === null ? [] : [text("SESSION_TOKEN", keys.session)]),
      ]
    : [];
  if (endpoint === null) return signed;
  const { host, protocol } = new URL(endpoint);
  return [...signed, text("ENDPOINT", host), ["USE_SSL", String(protocol === "https:")], text("URL_STYLE", "path")];
}

function azureOptions({ account, connection, bearer, endpoint }: SourceAccess & { kind: "azure" }): Options {
  const named: Options = account === null ? [] : [text("ACCOUNT_NAME", account)];
  const type: Options = [["TYPE", "azure"]];
  if (connection !== null) return [...type, text("CONNECTION_STRING", connection)];
  const at: Options = endpoint === null ? [] : [text("ENDPOINT", new URL(endpoint).host)];
  if (bearer !== null) return [...type, ["PROVIDER", "access_token"], text("ACCESS_TOKEN", bearer), ...named, ...at];
  return [...type, ["PROVIDER", "config"], ...named, ...at];
}
