import { readFile } from "node:fs/promises";
import { join } from "node:path";
import tls from "node:tls";
import { sha256 } from "../../../../config/canonical-json.ts";
import { writeAside } from "../../../../workspace/write-aside.ts";
import { quoteText } from "../dialect.ts";
import type { DuckdbSession } from "../duckdb-session.ts";

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
