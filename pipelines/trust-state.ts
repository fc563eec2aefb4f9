import { UserError } from "./errors/expected-error.ts";
import type { VersionName } from "./registry/read-records.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import { describeFound, describeWanted, type TrustPolicy } from "./registry/trust/trust-policy.ts";
import type { Vouched } from "./registry/trust/version-checks.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Who vouches for a version, in words. */
export interface VouchedVersion {
  model: string;
  version: number;
  signer: string | null;
  /** Why it is not trusted; null when it is. */
  problem: string | null;
}

/** Who must sign here, who would, and what is signed. */
export interface TrustState {
  /** The commit of the default branch whose mergeml.yaml holds; null where it has no `trust`. */
  policy: string | null;
  required: boolean;
  wanted: string | null;
  /** What would sign here; null for nothing. */
  signer: string | null;
  /** What certificates are checked with; null where only keys may sign. */
  root: { file: string; newest: string | null } | null;
  versions: readonly VouchedVersion[];
}

/** Looks at every version of the registry. */
export async function trustState({ registry, trust }: Workspace): Promise<TrustState> {
  const policy = await trust.policy();
  if (policy === null) return { policy: null, required: false, wanted: null, signer: null, root: null, versions: [] };
  const snapshot = await registry.snapshot({ fetch: true });
  const models = await snapshot.models();
  const all = await Promise.all(models.map(async (model) => ({ model, versions: await snapshot.versions(model) })));
  const names = all.flatMap(({ model, versions }) => versions.map((version) => ({ model, version })));
  const signer = (await trust.signer(policy))?.title ?? null;
  const versions = await tellVouched(snapshot, names);
  const { commit, required } = policy;
  return { policy: commit, required, wanted: describeWanted(policy), signer, root: await rootOf(policy), versions };
}

async function rootOf({ signers, root }: TrustPolicy): Promise<TrustState["root"]> {
  if (signers.every(({ kind }) => kind === "key")) return null;
  const { newestPart } = await import("./registry/trust/trusted-root.ts");
  const found = await root();
  return { file: found.file, newest: newestPart(found) };
}

/** Of these versions those that readers refuse, with why; null where nobody has to have signed any. */
export async function refusedVersions(
  { trust }: Pick<Workspace, "trust">,
  snapshot: Snapshot,
  versions: readonly VersionName[],
): Promise<VouchedVersion[] | null> {
  try {
    if (!(await trust.policy())?.required) return null;
  } catch (error) {
    // Of a policy that is wrong, every version says so.
    if (!(error instanceof UserError)) throw error;
  }
  return (await tellVouched(snapshot, versions)).filter(({ problem }) => problem !== null);
}

/** A line for each version that is refused. */
export function refusedLines(refused: readonly VouchedVersion[]): string[] {
  return [...new Set(refused.map(({ problem }) => `! ${problem}`))];
}

/** Who vouches for these versions, in their order. */
export async function tellVouched(snapshot: Snapshot, versions: readonly VersionName[]): Promise<VouchedVersion[]> {
  const vouchers = await snapshot.vouchers(versions);
  return versions.map(({ model, version }, at) => ({ model, version, ...told(vouchers[at] ?? null) }));
}

function told(vouched: Vouched): Pick<VouchedVersion, "signer" | "problem"> {
  if (vouched instanceof UserError) return { signer: null, problem: vouched.message };
  return { signer: vouched && describeFound(vouched.signer), problem: null };
}
