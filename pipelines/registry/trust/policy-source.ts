import { readFile } from "node:fs/promises";
import type { RepositoryConfig } from "../../config/model-config.ts";
import { parseRepositoryConfig } from "../../config/parse-repository-config.ts";
import { UserError } from "../../errors/expected-error.ts";
import { type Environment, isCi } from "../../ports/host.ts";
import { isUnderReview, mergedInto } from "../../workspace/base-config.ts";
import type { Git } from "../git/git.ts";
import { readAllObjects } from "../git/objects.ts";
import { keyName, publicKeyIn } from "./key-text.ts";
import { actionsIssuer, type TrustPolicy, type WantedSigner, withMaterial } from "./trust-policy.ts";

/** Where the policy is read: a repository, and the remote whose default branch has it. */
export interface PolicyPlace {
  git: Pick<Git, "text" | "run" | "objects">;
  remote: string | null;
  env: Environment;
}

const file = "mergeml.yaml";
/** The public services of Sigstore. */
const publicServices = { fulcio: "https://fulcio.sigstore.dev", rekor: "https://rekor.sigstore.dev" };

/**
 * `trust` of mergeml.yaml as the default branch has it, with the keys and the root of that very commit: neither a pull request nor
 * what lies in the work tree changes who is trusted. null where that branch has no `trust`. Throws UserError when it is wrong.
 */
export async function readTrustPolicy(place: PolicyPlace): Promise<TrustPolicy | null> {
  const commit = await defaultBranchCommit(place);
  return commit === null ? null : policyAt(place, commit);
}

/** `trust` as a commit has it. */
export async function policyAt(place: PolicyPlace, commit: string): Promise<TrustPolicy | null> {
  // A bare copy has no folder that one could be in.
  const prefix = (await place.git.text(["rev-parse", "--show-prefix"]).catch(() => "")).trim();
  const [found] = await readAllObjects(place.git, [`${commit}:${prefix}${file}`]);
  const written = found && trustIn(found.content.toString("utf8"));
  if (!written) return null;
  const read = async (path: string, key: string) => {
    const [object] = await readAllObjects(place.git, [`${commit}:${prefix}${path}`]);
    if (object?.type === "blob") return object.content.toString("utf8");
    const message = `${file} of the default branch names ${path} as ${key}, and ${commit.slice(0, 7)} has no such file`;
    throw new UserError({ message, hint: "add it in a pull request, and merge that first" });
  };
  const signers = await Promise.all(written.signers.map((each) => wantedSigner(each, read)));
  const { MERGEML_TRUSTED_ROOT: given } = place.env;
  const root = async () => {
    if (given) return { text: await readGiven(given), file: given };
    if (written.root !== undefined) return { text: await read(written.root, "trust.root"), file: written.root };
    const { builtInRoot } = await import("./built-in-root.ts");
    return { text: builtInRoot(), file: "the trusted root of mergeml" };
  };
  return {
    required: written.require === "signed",
    signers,
    ...withMaterial(root),
    sigstore: written.sigstore ?? publicServices,
    commit,
  };
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const message = `MERGEML_TRUSTED_ROOT names ${path}, which cannot be read: ${(cause as Error).message}`;
    throw new UserError({ message, hint: "write one: mergeml trust root --output FILE" }, { cause });
  }
}

/** A mergeml.yaml that says something of trust, and says it wrongly, must not pass for one that says nothing. */
function trustIn(text: string): RepositoryConfig["trust"] {
  if (!/\btrust\b/.test(text)) return undefined;
  const { config, problems } = parseRepositoryConfig(text, file);
  const wrong = problems.filter(({ key }) => key === undefined || key.startsWith("trust"));
  if (wrong.length > 0) throw new UserError(wrong);
  return config.trust;
}

type WrittenSigner = NonNullable<RepositoryConfig["trust"]>["signers"][number];

async function wantedSigner(
  { workflow, key, identity, issuer }: WrittenSigner,
  read: (path: string, key: string) => Promise<string>,
): Promise<WantedSigner> {
  if (workflow !== undefined) return { kind: "workflow", workflow, issuer: issuer ?? actionsIssuer };
  if (identity !== undefined) return { kind: "identity", identity, issuer: issuer ?? "" };
  const path = key ?? "";
  const found = publicKeyIn(await read(path, "trust.signers"));
  if (found) return { kind: "key", file: path, name: keyName(found), key: found };
  throw new UserError({
    message: `${path} is no public key of Ed25519 or ECDSA P-256`,
    hint: "give the PEM that mergeml trust key wrote, or that of openssl pkey -pubout",
  });
}

/**
 * The newest commit of the default branch that is known here; in a job it is fetched when it is not. null in a repository without
 * a commit. A pull request's own commits never count.
 */
async function defaultBranchCommit(place: PolicyPlace): Promise<string | null> {
  const { remote } = place;
  if (remote === null) return firstCommit(place, ["refs/heads/main", "refs/heads/master", "HEAD"]);
  const name = await knownName(place);
  const tracked = name === null ? ["HEAD", "main", "master"] : [name];
  const known = await firstCommit(
    place,
    tracked.map((each) => `refs/remotes/${remote}/${each}`),
  );
  if (known !== null) return known;
  const { GITHUB_BASE_REF: base } = place.env;
  const merged = isUnderReview(place.env) && name !== null && base === name ? await mergedInto(place) : null;
  if (merged !== null) return merged;
  if (isCi(place.env)) return fetchDefault(place, remote, name);
  return firstCommit(place, ["refs/heads/main", "refs/heads/master", "HEAD"]);
}

/** What GitHub calls the default branch, in a job; elsewhere the clone knows it, or nobody asked. */
async function knownName({ env }: PolicyPlace): Promise<string | null> {
  const { GITHUB_EVENT_PATH: path } = env;
  if (!isCi(env) || !path) return null;
  try {
    const event = JSON.parse(await readFile(path, "utf8")) as { repository?: { default_branch?: unknown } } | null;
    const name = event?.repository?.default_branch;
    return typeof name === "string" && isPlain(name) ? name : null;
  } catch {
    return null;
  }
}

async function firstCommit({ git }: PolicyPlace, names: readonly string[]): Promise<string | null> {
  const found = await readAllObjects(
    git,
    names.map((name) => `${name}^{commit}`),
  );
  return found.find((each) => each?.type === "commit")?.oid ?? null;
}

async function fetchDefault({ git }: PolicyPlace, remote: string, known: string | null): Promise<string | null> {
  const name = known ?? (await askedName(git, remote));
  if (name === null) return null;
  const ref = `refs/heads/${name}`;
  await git.run(["fetch", "--no-tags", "--quiet", "--depth=1", "--no-recurse-submodules", "--refmap=", remote, ref]);
  return git.text(["rev-parse", "FETCH_HEAD"]);
}

async function askedName(git: PolicyPlace["git"], remote: string): Promise<string | null> {
  const answer = await git.text(["ls-remote", "--symref", remote, "HEAD"]);
  const name = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(answer)?.[1];
  return name !== undefined && isPlain(name) ? name : null;
}

function isPlain(name: string): boolean {
  return /^[\w][\w./-]{0,199}$/.test(name) && !name.includes("..");
}
