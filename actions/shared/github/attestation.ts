import type { GitHub } from "./client.ts";

/**
 * Gives GitHub a Sigstore bundle as an artifact attestation of the repository, so that `gh attestation verify` finds it by the
 * digest of any of its subjects. Needs attestations: write; GitHub takes what a job's identity signed.
 */
export async function postAttestation({ octokit, owner, repo }: GitHub, bundle: Uint8Array): Promise<void> {
  const parsed = JSON.parse(Buffer.from(bundle).toString("utf8")) as object;
  await octokit.request("POST /repos/{owner}/{repo}/attestations", { owner, repo, bundle: parsed } as never);
}
