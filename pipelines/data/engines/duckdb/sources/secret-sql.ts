import { readFile } from "node:fs/promises";
import { join } from "node:path";
import tls from "node:tls";
import { sha256 } from "../../../../config/canonical-json.ts";
import { writeAside } from "../../../../workspace/write-aside.ts";
import type { SourceAccess } from "../../../sources/source-objects.ts";
import { type DuckdbSession, quoteName, quoteText } from "../duckdb-session.ts";

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

interface Believed {
  /** File of authorities whose certificates are believed beside the usual ones, as Node reads it; null without. */
  certificates: string | null;
  /** Folder for a file of all of them: the engine takes one in the place of those that it knows. */
  installed: string;
}

/**
 * Has requests of this process, which begins with no environment, believe the authorities of a file too. One that is not there is left
 * out, as Node does with a word of its own.
 */
export async function believe({ certificates }: Pick<Believed, "certificates">): Promise<void> {
  const own = await textOf(certificates);
  if (own !== null) tls.setDefaultCACertificates([...tls.getCACertificates("bundled"), own]);
}

/** The same for requests of the engine. */
export async function letEngineBelieve(session: DuckdbSession, { certificates, installed }: Believed): Promise<void> {
  const own = await textOf(certificates);
  if (own === null) return;
  const all = [...tls.getCACertificates("bundled"), own].join("\n");
  const file = join(installed, `authorities-${sha256(all).slice("sha256:".length, "sha256:".length + 16)}.pem`);
  await writeAside(file, all);
  await session.run(`SET ca_cert_file = ${quoteText(file)}`);
}

async function textOf(certificates: string | null): Promise<string | null> {
  return certificates === null ? null : readFile(certificates, "utf8").catch(() => null);
}
