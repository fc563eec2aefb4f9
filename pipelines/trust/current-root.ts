import { mkdir } from "node:fs/promises";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { getTrustedRoot } from "@sigstore/tuf";
import { EnvironmentError } from "../errors/environment-error.ts";

/** The trusted root of Sigstore's public services as it is now, by TUF, whose own roots came with the library. Needs the network. */
export async function currentRoot(cachePath: string): Promise<string> {
  await mkdir(cachePath, { recursive: true });
  try {
    const root = await getTrustedRoot({ cachePath, timeout: 20_000, retry: 2 });
    return JSON.stringify(TrustedRoot.toJSON(root), null, 2);
  } catch (cause) {
    throw new EnvironmentError(
      `Sigstore's trusted root could not be brought up to date: ${(cause as Error).message}`,
      { tried: "to read tuf-repo-cdn.sigstore.dev", safe: "nothing was written; what is there holds as before" },
      { cause },
    );
  }
}
