import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError, UserError } from "../../../../errors/expected-error.ts";
import { type DuckdbSession, quoteText } from "../duckdb-session.ts";

/** An extension of DuckDB by the name of its file. */
export type ExtensionName = "httpfs" | "azure" | "delta" | "avro" | "iceberg" | "postgres_scanner" | "mysql_scanner";

/** Where extensions may be: a folder that the operator gives, and the one that DuckDB installs into otherwise. */
export interface ExtensionPlaces {
  extensions: string | null;
  installed: string;
}

/**
 * Loads extensions, whose signature and version DuckDB checks: from the operator's folder when there is one, else as DuckDB
 * installs them from its own site. Throws UserError when the folder lacks one, and EnvironmentError when it cannot be installed.
 */
export async function loadExtensions(
  session: DuckdbSession,
  names: readonly ExtensionName[],
  places: ExtensionPlaces,
): Promise<void> {
  const { version } = await session.row("SELECT version() AS version");
  if (places.extensions === null) await installInto(session, places.installed);
  for (const name of names) {
    if (places.extensions === null) await install(session, name, String(version));
    else await load(session, await findFile(places.extensions, name, String(version)), name, String(version));
  }
}

/** The process has no home directory, and DuckDB wants one that is there. */
async function installInto(session: DuckdbSession, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["home_directory", "extension_directory"]) await session.run(`SET ${name} = ${quoteText(folder)}`);
}

/** As `pip install --target`, DuckDB's own folders and a plain copy have them. */
async function findFile(folder: string, name: ExtensionName, version: string): Promise<string> {
  const file = `${name}.duckdb_extension`;
  const places = [
    join(folder, file),
    join(folder, version, file),
    join(folder, `duckdb_extension_${name}`, "extensions", version, file),
  ];
  for (const place of places) {
    const found = await access(place).then(
      () => true,
      () => false,
    );
    if (found) return place;
  }
  throw new UserError({
    message: `DuckDB's extension ${name} (${version}) is not in the folder that MERGEML_DUCKDB_EXTENSIONS names`,
    hint: `put ${file} there: ${pipInstall(name, version)}, or unset the variable to let DuckDB download it`,
  });
}

/** How Python's package index has it. */
function pipInstall(name: ExtensionName, version: string): string {
  return `pip install --no-deps --target <folder> duckdb-extension-${name.replace("_", "-")}==${version.slice(1)}`;
}

async function load(session: DuckdbSession, path: string, name: ExtensionName, version: string): Promise<void> {
  try {
    await session.run(`LOAD ${quoteText(path)}`);
  } catch (cause) {
    const message = `DuckDB's extension ${name} cannot be loaded: ${firstLine(cause)}`;
    const hint = `this version of mergeml has DuckDB ${version}: the extension must be built for it, and for this machine`;
    throw new UserError({ message, hint }, { cause });
  }
}

async function install(session: DuckdbSession, name: ExtensionName, version: string): Promise<void> {
  try {
    await session.run(`INSTALL ${name}`);
    await session.run(`LOAD ${name}`);
  } catch (cause) {
    const tried = `to install DuckDB's extension ${name} (${version}) from extensions.duckdb.org`;
    const safe = `nothing was changed; on a machine without that site, ${pipInstall(name, version)}, and name the folder in MERGEML_DUCKDB_EXTENSIONS`;
    throw new EnvironmentError(
      `DuckDB's extension ${name} is not here, and cannot be installed: ${firstLine(cause)}`,
      { tried, safe },
      { cause },
    );
  }
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const told = /"exception_message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
  return told
    .split(/\\n|\n/)[0]!
    .replaceAll('\\"', '"')
    .slice(0, 300);
}
