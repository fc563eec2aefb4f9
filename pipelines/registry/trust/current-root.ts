import { mkdir } from "node:fs/promises";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { DEFAULT_MIRROR_URL, getTrustedRoot } from "@sigstore/tuf";
import { EnvironmentError, UserError } from "../../errors/expected-error.ts";

/** Where a trusted root is kept up to date by TUF, and the first root of that, which everything else follows from. */
export interface RootSource {
  /** Of another Sigstore than the public one. */
  mirror?: string | undefined;
  /** A file; that of the public services came with the library. */
  firstRoot?: string | undefined;
}

/** The trusted root of Sigstore's services as it is now, by TUF. Needs the network; what was read before is in the cache. */
export async function currentRoot(cachePath: string, { mirror, firstRoot }: RootSource = {}): Promise<string> {
  const mirrorURL = mirror?.replace(/\/$/, "") ?? DEFAULT_MIRROR_URL;
  if (mirrorURL !== DEFAULT_MIRROR_URL && firstRoot === undefined) throw noFirstRoot(mirrorURL);
  await mkdir(cachePath, { recursive: true });
  const source = { mirrorURL, ...(firstRoot !== undefined && { rootPath: firstRoot }) };
  try {
    const root = await getTrustedRoot({ ...source, cachePath, timeout: 20_000, retry: 2 });
    return JSON.stringify(TrustedRoot.toJSON(root), null, 2);
  } catch (cause) {
    throw new EnvironmentError(
      `Sigstore's trusted root could not be brought up to date: ${reasons(cause)}`,
      { tried: `to read ${mirrorURL}`, safe: "nothing was written; what is there holds as before" },
      { cause },
    );
  }
}

/** What the library says wraps what happened. */
function reasons(error: unknown): string {
  const messages: string[] = [];
  for (let inner = error; inner instanceof Error; inner = inner.cause) messages.push(inner.message);
  return [...new Set(messages)].join(": ");
}

function noFirstRoot(mirror: string): UserError {
  return new UserError({
    message: `nobody says which first root to trust ${mirror} with`,
    hint: "give the file that its makers gave you: mergeml trust root --mirror URL --first-root root.json",
  });
}
