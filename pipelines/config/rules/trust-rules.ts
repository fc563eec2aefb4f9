import type { RepositoryConfig } from "../model-config.ts";
import type { Finding } from "../yaml/finding.ts";
import { isPathInside } from "./feature-rules.ts";
import { when } from "./rule.ts";

/** What is wrong with `trust`, beyond its schema. */
export function trustFindings({ trust }: Pick<RepositoryConfig, "trust">): Finding[] {
  if (!trust) return [];
  const { signers, root, sigstore } = trust;
  return [
    ...signers.flatMap((signer, index) => {
      const named = [signer.workflow, signer.key, signer.identity].filter((each) => each !== undefined);
      return [
        ...when(named.length !== 1, {
          path: ["trust", "signers", index],
          message: `a signer is one of workflow, key and identity, and this one has ${named.length === 0 ? "none" : "several"} of them`,
          hint: "for example { workflow: acme/models/.github/workflows/model-deploy.yml@refs/heads/main }, or { key: keys/ops.pub }",
        }),
        ...when(signer.identity !== undefined && signer.issuer === undefined, {
          path: ["trust", "signers", index],
          message: `nobody knows who vouches for ${signer.identity}: the signer lacks its issuer`,
          hint: "for example issuer: https://accounts.google.com, or https://github.com/login/oauth",
        }),
        ...outside(signer.key, ["trust", "signers", index, "key"]),
      ];
    }),
    ...outside(root, ["trust", "root"]),
    ...when(sigstore !== undefined && sigstore.rekor === undefined && sigstore.timestamp === undefined, {
      path: ["trust", "sigstore"],
      message:
        "a certificate holds for minutes, so a signature needs a time: trust.sigstore has neither rekor nor timestamp",
      hint: "add rekor, the address of a log, or timestamp, that of a timestamp authority",
    }),
  ];
}

function outside(path: string | undefined, at: Finding["path"]): Finding[] {
  return when(path !== undefined && !isPathInside(path), {
    path: at,
    message: `${at.at(-1)} must be a file inside the repository, not ${JSON.stringify(path)}`,
    hint: "for example keys/ops.pub; no leading slash, no .. and no backslash",
  });
}
