import { UserError } from "./errors/user-error.ts";
import { describeFound, describeWanted } from "./trust/trust-policy.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Who must sign here, who would, and what is signed. */
export interface TrustState {
  /** The commit of the default branch whose mergeml.yaml holds; null where it has no `trust`. */
  policy: string | null;
  required: boolean;
  wanted: string | null;
  /** What would sign here; null for nothing. */
  signer: string | null;
  versions: readonly { model: string; version: number; signer: string | null; problem: string | null }[];
}

/** Looks at every version of the registry. */
export async function trustState({ registry, trust }: Workspace): Promise<TrustState> {
  const policy = await trust.policy();
  if (policy === null) return { policy: null, required: false, wanted: null, signer: null, versions: [] };
  const snapshot = await registry.snapshot({ fetch: true });
  const versions: TrustState["versions"][number][] = [];
  for (const model of await snapshot.models())
    for (const version of await snapshot.versions(model)) {
      const about = { model, version };
      try {
        const signed = await snapshot.signedBy(model, version);
        versions.push({ ...about, signer: signed && describeFound(signed.signer), problem: null });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        versions.push({ ...about, signer: null, problem: error.message });
      }
    }
  const signer = (await trust.signer(policy))?.title ?? null;
  return { policy: policy.commit, required: policy.required, wanted: describeWanted(policy), signer, versions };
}
