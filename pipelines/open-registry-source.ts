import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { UserError } from "./errors/expected-error.ts";
import type { Clock, Environment, Log } from "./ports/host.ts";
import { GitError } from "./registry/git/failure.ts";
import { openGit } from "./registry/git/git.ts";
import type { BlobStore } from "./registry/stored-model.ts";
import { checkoutSource, openRegistryMirror, type RegistrySource } from "./serving/following/registry-mirror.ts";
import { inEnvironment } from "./workspace/in-environment.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Where a server is told to read the registry. */
export interface SourcePlace {
  /** Something git clones, or a folder; undefined: the repository that the server is started in. */
  address: string | undefined;
  branch: string;
  /** What is served: production, or another one that the registry has pointers of. */
  environment: string;
  cache: string;
  directory: string;
  env: Environment;
  clock: Clock;
  log: Log;
  /** Opens the repository around `directory`. */
  workspace(): Promise<Workspace>;
}

/** Opens the registry that a server follows. Throws UserError for an address that can be none. */
export async function openRegistrySource(place: SourcePlace): Promise<RegistrySource> {
  const { address, directory, environment, env, clock, log } = place;
  if (address === undefined) return checkoutSource(inEnvironment(await place.workspace(), environment));
  if (isRemote(address)) return mirrorOf(address, place);
  const folder = resolve(directory, address);
  if (!existsSync(folder))
    throw new UserError({
      message: `--registry ${address}: there is no such folder, and it is no address that git clones`,
      hint: "give https://…, git@host:path, or the folder of a repository",
    });
  if (await isBare(folder, env)) return mirrorOf(folder, place);
  const { openWorkspace } = await import("./open-workspace.ts");
  const workspace = await openWorkspace({ directory: folder, env, clock, log, useCache: true });
  const source = checkoutSource(inEnvironment(workspace, environment));
  return { ...source, [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose]() };
}

/** `https://…` or `git@host:path`, unless a folder is called so. */
function isRemote(address: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return true;
  return /^[^/\\\s]+@?[^/\\\s]*:(?!\\)/.test(address) && !isAbsolute(address) && !existsSync(address);
}

async function isBare(folder: string, env: Environment): Promise<boolean> {
  await using git = openGit(folder, { env });
  try {
    return (await git.text(["rev-parse", "--is-bare-repository"])) === "true";
  } catch (error) {
    if (!(error instanceof GitError) || error.kind !== "not-a-repository") throw error;
    throw new UserError(
      {
        message: `--registry ${folder} is no git repository`,
        hint: "give the folder of a repository that has the branch registry, or an address that git clones",
      },
      { cause: error },
    );
  }
}

function mirrorOf(
  address: string,
  { branch, environment, cache, directory, env, clock, log }: SourcePlace,
): Promise<RegistrySource> {
  const folder = resolve(directory, cache);
  const store = storeOf(address, { root: folder, env, clock, log });
  return openRegistryMirror({ address, branch, environment, cache: folder, env, clock, log, store });
}

/** Models that are too large for git are in the store of the repository, which a server elsewhere is told by MERGEML_STORE. */
function storeOf(
  address: string,
  { root, env, clock, log }: { root: string; env: Environment; clock: Clock; log: Log },
): BlobStore {
  const { MERGEML_STORE: given } = env;
  if (given) {
    // Few registries need one, and what stores are made of would be loaded at every start.
    const options = { root, env, repository: async () => address, sources: {}, clock, log };
    const opened = async () => (await import("./data/stores.ts")).openStore(given, options);
    return {
      title: given,
      durable: true,
      readBlob: async (name) => (await opened()).readBlob(name),
      putBlob: async (bytes) => (await opened()).putBlob(bytes),
    };
  }
  const refuse = async () => {
    throw new UserError({
      message: "this server was not told where models that are too large for git are kept",
      hint: "set MERGEML_STORE to `store` of the repository's mergeml.yaml, e.g. oci://ghcr.io/acme/models",
    });
  };
  return { title: "no store", durable: false, readBlob: refuse, putBlob: refuse };
}
