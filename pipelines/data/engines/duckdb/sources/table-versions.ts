import { UserError } from "../../../../errors/user-error.ts";
import { quoteText } from "../dialect.ts";
import type { DuckdbSession } from "../duckdb-session.ts";

/** A table of a lake, and the version of it that is asked for; null for the newest. */
interface LakeTable {
  name: string;
  url: string;
}

/** The call that reads one version of a table, and which that is. */
interface VersionScan {
  sql: string;
  version: string;
}

/** A Delta table's versions are the numbers of its log's files. */
export async function deltaScan(
  session: DuckdbSession,
  { name, url }: LakeTable,
  asked: string | null,
): Promise<VersionScan> {
  const root = url.replace(/\/+$/, "");
  const logs = await filesOf(session, `${root}/_delta_log/*.json`);
  const numbers = logs.flatMap((file) => /\/(\d{20})\.json$/.exec(file)?.[1] ?? []).map(Number);
  if (numbers.length === 0) throw noTable(name, url, "Delta");
  const version = asked ?? String(Math.max(...numbers));
  return { sql: `delta_scan(${quoteText(root)}, version := ${BigInt(version)})`, version };
}

/** An Iceberg table's versions are its snapshots; its newest metadata file tells them. A table without rows has none: `empty`. */
export async function icebergScan(
  session: DuckdbSession,
  { name, url }: LakeTable,
  asked: string | null,
): Promise<VersionScan> {
  const root = url.replace(/\/+$/, "");
  const files = await filesOf(session, `${root}/metadata/*.metadata.json`);
  const newest = files.toSorted((a, b) => numberOf(b) - numberOf(a) || (a < b ? 1 : -1))[0];
  if (newest === undefined) throw noTable(name, url, "Iceberg");
  const metadata = quoteText(newest);
  const rows = await session.rows(
    `SELECT snapshot_id FROM iceberg_snapshots(${metadata}) ORDER BY sequence_number DESC`,
  );
  const snapshots = rows.map(({ snapshot_id }) => String(snapshot_id));
  const version = asked ?? snapshots[0] ?? "empty";
  if (version === "empty") return { sql: `iceberg_scan(${metadata})`, version };
  if (!snapshots.includes(version))
    throw new UserError({
      message: `the table ${name} no longer has the snapshot ${version}`,
      hint: "snapshots expire: keep them as long as versions of models are to be reproduced",
      key: `sources.${name}`,
    });
  return { sql: `iceberg_scan(${metadata}, snapshot_from_id := ${BigInt(version)})`, version };
}

/** `00002-….metadata.json` or `v2.metadata.json`. */
function numberOf(file: string): number {
  return Number(/\/v?(\d+)[^/]*$/.exec(file)?.[1] ?? -1);
}

async function filesOf(session: DuckdbSession, pattern: string): Promise<string[]> {
  return (await session.rows(`SELECT file FROM glob(${quoteText(pattern)})`)).map(({ file }) => String(file));
}

function noTable(name: string, url: string, kind: string): UserError {
  return new UserError({
    message: `there is no ${kind} table at ${url}`,
    hint: `the address of the source ${name} in mergeml.yaml is that of the table's own folder`,
    key: `sources.${name}`,
  });
}
