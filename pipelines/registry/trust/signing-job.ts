import { isFromActions } from "../../data/object-storage/credentials.ts";
import type { Environment } from "../../ports/host.ts";
import { actionsIssuer, type RegistryTrust, type TrustPolicy, withHost } from "./trust-policy.ts";

/**
 * The environment for a program that runs in this job: where the job is one of the signers, a program that reached its identity
 * could sign as it does, so it runs apart from the job or not at all, whatever was asked for.
 */
export async function apartWhereItSigns(
  env: Environment,
  trust: Pick<RegistryTrust, "policy"> | undefined,
): Promise<Environment> {
  const hasWhatSigns = env.GITHUB_ACTIONS === "true" && (isFromActions(env) || Boolean(env.MERGEML_SIGNING_KEY));
  const policy = hasWhatSigns ? await trust?.policy() : null;
  return policy && isSigner(policy, env) ? { ...env, MERGEML_ISOLATION: "required" } : env;
}

function isSigner({ signers }: Pick<TrustPolicy, "signers">, env: Environment): boolean {
  const here = withHost(env.GITHUB_WORKFLOW_REF ?? "", env.GITHUB_SERVER_URL);
  return signers.some((signer) => {
    if (signer.kind === "key") return Boolean(env.MERGEML_SIGNING_KEY);
    if (!isFromActions(env)) return false;
    // Whom a job's certificate names may be another repository's workflow, which only the token tells.
    return signer.kind === "workflow" ? withHost(signer.workflow) === here : signer.issuer === actionsIssuer;
  });
}
