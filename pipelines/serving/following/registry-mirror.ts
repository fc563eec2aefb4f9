import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../config/canonical-json.ts";
import type { Clock, Environment, Log } from "../../ports/host.ts";
import { openBranch } from "../../registry/branch.ts";
import { viewOfSnapshot } from "../../registry/environment-view.ts";
import { redact } from "../../registry/git/failure.ts";
import { fetchFiles, type Git, openGit } from "../../registry/git/git.ts";
import { hasCommit } from "../../registry/git/objects.ts";
import { openSnapshot, type Snapshot } from "../../registry/snapshot.ts";
import type { BlobStore } from "../../registry/stored-model.ts";
import { openRegistryTrust, type RegistryTrust, type TrustPolicy } from "../../registry/trust/trust-policy.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { type LastCheck, lastCheck } from "../../watch/last-check.ts";
import type { Workspace } from "../../workspace/workspace.ts";
import { writeAside } from "../../workspace/write-aside.ts";

/** A registry that is somewhere else. */
interface MirrorOptions {
  /** What git clones: https://…, ssh, or the path of a repository. May have credentials; they are not written to disk. */
  address: string;
  branch: string;
  /** Whose pointers are followed. */
  environment: string;
  /** Folder of this machine's copies; a server that starts while the registry is away serves from it. */
  cache: string;
  env: Environment;
  clock: Clock;
  log: Log;
  store: BlobStore;
}

const remote = "origin";
/**
 * Has the last commit that was served whole, whose files are all here. A file of our own rather than a ref: a server that is killed
 * as it writes a ref leaves git's lock behind, and two servers that share the copy would stop each other.
 */
const servedFile = "mergeml-served";

/** A bare copy of the registry branch alone, without the files of old versions where the other side knows partial clones. */
export async function openRegistryMirror(options: MirrorOptions): Promise<RegistrySource> {
  const { address, branch, environment, cache, env, clock, log, store } = options;
  const folder = join(
    cache,
    "registries",
    `${sha256(redact(address)).slice("sha256:".length, "sha256:".length + 16)}.git`,
  );
  await makeRepository(folder, env);
  // Given by the environment of each command rather than written down: an address may have a password in it.
  const url = { [`remote.${remote}.url`]: address };
  const partial = { [`remote.${remote}.promisor`]: "true", [`remote.${remote}.partialclonefilter`]: "blob:none" };
  const settings = withSettings(env, { ...url, ...partial });
  const git = openGit(folder, {
    env: settings,
    log,
    timeoutSeconds: 60,
    remote: { name: remote, address: redact(address) },
  });
  // Without these settings git does not know that it may ask for what is not here, and says so instead.
  const plain = openGit(folder, { env });
  const trust = mirroredTrust({ git, env, clock, log }, join(folder, trustedFile));
  // Not a registry, which can also write: a server only reads, and what writing takes would be loaded at every start.
  const opened = openBranch({ git, name: branch, remote, log });
  const ref = `refs/heads/${branch}`;
  const open = async (tip: string | null) =>
    viewOfSnapshot(await openSnapshot({ git, store, trust }, tip), environment);
  const served = join(folder, environment === "production" ? servedFile : `${servedFile}-${environment}`);
  return {
    address: redact(address),
    branch,
    environment,
    git,
    async tip() {
      return /^[0-9a-f]{40,64}/.exec(await git.text(["ls-remote", remote, ref]))?.[0] ?? null;
    },
    async fetch() {
      await trust.refresh();
      return open(await (await opened()).tip(true));
    },
    async lastGood() {
      const commit = await readFile(served, "utf8").catch(() => "");
      return open((await hasCommit(plain, commit)) ? commit : null);
    },
    async bring(files) {
      const missing = await missingFiles(files, (input) => plain.text(["cat-file", "--batch-check"], { input }));
      await fetchFiles(git, remote, missing);
    },
    keep: (tip) => writeAside(served, tip),
    async [Symbol.asyncDispose]() {
      await Promise.all([git[Symbol.asyncDispose](), plain[Symbol.asyncDispose]()]);
    },
  };
}

/** Has the commit of the default branch whose mergeml.yaml says who must have signed; of our own for the same reasons. */
const trustedFile = "mergeml-trusted";

/** The policy of the other side's default branch, as it was when the registry was last fetched. */
function mirroredTrust(
  place: Pick<MirrorOptions, "env" | "clock" | "log"> & { git: Git },
  file: string,
): RegistryTrust & { refresh(): Promise<void> } {
  const { git } = place;
  let known: { commit: string; policy: Promise<TrustPolicy | null> } | undefined;
  return {
    ...openRegistryTrust({ ...place, remote }),
    async policy() {
      const commit = (await readFile(file, "utf8").catch(() => "")).trim();
      if (commit === "") return null;
      const read = async () =>
        (await import("../../registry/trust/policy-source.ts")).policyAt({ ...place, remote }, commit);
      if (known?.commit !== commit) known = { commit, policy: read() };
      return known.policy;
    },
    async refresh() {
      const [head = ""] = (await git.text(["ls-remote", remote, "HEAD"])).split("\t");
      const before = await readFile(file, "utf8").catch(() => "");
      if (!/^[0-9a-f]{40,64}$/.test(head) || head === before) return;
      await git.run([
        "fetch",
        "--no-tags",
        "--quiet",
        "--no-write-fetch-head",
        "--filter=tree:0",
        "--refmap=",
        remote,
        head,
      ]);
      await writeAside(file, head);
    },
  };
}

async function missingFiles(files: readonly string[], check: (input: string) => Promise<string>): Promise<string[]> {
  if (files.length === 0) return [];
  const lines = (await check(`${files.join("\n")}\n`)).split("\n");
  return lines.flatMap((line) => (line.endsWith(" missing") ? [line.slice(0, -" missing".length)] : []));
}

/** Made aside and renamed, so that a killed start leaves nothing half made. */
async function makeRepository(folder: string, env: Environment): Promise<void> {
  if (existsSync(folder)) return;
  const aside = `${folder}.${process.pid}.aside`;
  await mkdir(aside, { recursive: true, mode: 0o700 });
  try {
    await using git = openGit(aside, { env });
    await git.run(["init", "--quiet", "--bare", "--template="]);
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // another server was faster
  }
}

/** The environment with more settings of git, behind those that it has. */
function withSettings(env: Environment, settings: Readonly<Record<string, string>>): Environment {
  const first = Number(env.GIT_CONFIG_COUNT ?? 0) || 0;
  const entries = Object.entries(settings);
  return {
    ...env,
    GIT_CONFIG_COUNT: String(first + entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${first + at}`, key],
        [`GIT_CONFIG_VALUE_${first + at}`, value],
      ]),
    ),
  };
}

/** Where the server reads the registry, and how it learns that it has moved. */
export interface RegistrySource extends AsyncDisposable {
  /** For people, without credentials. */
  readonly address: string;
  readonly branch: string;
  /** What is served: its snapshots are those of `viewOfSnapshot`. */
  readonly environment: string;
  readonly git: Git;
  /** The commit that the registry is at now. Cheap when it has not moved. null: there is no registry branch. */
  tip(): Promise<string | null>;
  /** Fetches what is new, and opens it. */
  fetch(): Promise<Snapshot>;
  /** What was good when it was last served, without asking anybody; its `tip` is null when nothing was. */
  lastGood(): Promise<Snapshot>;
  /** Brings files that the clone has left out, by their ids, at once rather than one by one. */
  bring(files: readonly string[]): Promise<void>;
  /** Remembers that this commit is served. */
  keep(tip: string): Promise<void>;
  /** What the last check of drift found of a version, where checks are kept; absent where nobody could know. */
  lastDrift?(record: VersionRecord): Promise<LastCheck | null>;
}

/** The registry of the repository that the server is started in: its commands have all of it already. */
export function checkoutSource(workspace: Workspace): RegistrySource {
  const { git, registry, remote, repository, root, environment } = workspace;
  const branch = repository.registry;
  const ref = `refs/heads/${branch}`;
  return {
    address: remote === null ? root : `${root}, ${remote}`,
    branch,
    environment,
    git,
    async tip() {
      const args = remote === null ? ["rev-parse", "--quiet", "--verify", ref] : ["ls-remote", remote, ref];
      return /^[0-9a-f]{40,64}/.exec(await git.text(args, { allow: remote === null ? [1] : [] }))?.[0] ?? null;
    },
    fetch: () => registry.snapshot({ fetch: true }),
    lastGood: () => registry.snapshot({ fetch: false }),
    bring: async () => {},
    keep: async () => {},
    lastDrift: (record) => lastCheck(workspace, record),
    [Symbol.asyncDispose]: async () => {},
  };
}
