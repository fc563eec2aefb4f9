import type { KeyObject } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RepositoryConfig } from "../../config/model-config.ts";
import type { Clock, Environment, Log } from "../../ports/host.ts";
import type { FoundSigner } from "./found-signer.ts";
import type { PolicyPlace } from "./policy-source.ts";
import type { StatementSigner } from "./statement-signer.ts";
import type { CheckingMaterial, RootFile } from "./trusted-root.ts";
import { type StatingRun, statingRun } from "./verdict-statement.ts";

/** One who may sign. */
export type WantedSigner =
  | { kind: "workflow"; workflow: string; issuer: string }
  | { kind: "identity"; identity: string; issuer: string }
  | { kind: "key"; file: string; name: string; key: KeyObject };

/** `trust` of mergeml.yaml with its files read: all that checking a signature needs, without a network. */
export interface TrustPolicy {
  /** Whether readers refuse what none of the signers signed. */
  required: boolean;
  signers: readonly WantedSigner[];
  /** The trusted root of certificates and logs. */
  root(): Promise<RootFile>;
  /** It, read only when a bundle has a certificate. */
  material(): Promise<CheckingMaterial>;
  sigstore: NonNullable<NonNullable<RepositoryConfig["trust"]>["sigstore"]>;
  /** The commit whose mergeml.yaml this is. */
  commit: string;
}

export const actionsIssuer = "https://token.actions.githubusercontent.com";

/** The signers in words, for messages. */
export function describeWanted({ signers }: Pick<TrustPolicy, "signers">): string {
  return signers.map(describeSigner).join(" or ");
}

function describeSigner(signer: WantedSigner): string {
  if (signer.kind === "workflow") return shortWorkflow(signer.workflow);
  return signer.kind === "identity"
    ? `${signer.identity} (${signer.issuer})`
    : `the key ${signer.file} (${shortKey(signer.name)})`;
}

/** The signer of a bundle in words, for messages. */
export function describeFound(signer: FoundSigner): string {
  if (signer.kind === "key") return `a key (${shortKey(signer.name)})`;
  return signer.workflow === null ? `${signer.identity} (${signer.issuer})` : shortWorkflow(signer.workflow);
}

function shortKey(name: string): string {
  return name.slice(0, "sha256:".length + 12);
}

function shortWorkflow(workflow: string): string {
  return workflow.replace(/^https:\/\/github\.com\//, "");
}

/** Whether the policy takes what this signer has signed. A key counts once its signature was checked with that very key. */
export function accepts({ signers }: Pick<TrustPolicy, "signers">, found: FoundSigner): boolean {
  return signers.some((wanted) => {
    if (wanted.kind === "key") return found.kind === "key" && found.name === wanted.name;
    if (found.kind !== "certificate" || found.issuer !== wanted.issuer) return false;
    if (wanted.kind === "identity") return found.identity === wanted.identity;
    const address = withHost(wanted.workflow);
    return found.workflow === address && found.repository === repositoryOf(address);
  });
}

/** The address of a workflow: `acme/models/.github/workflows/x.yml@refs/heads/main` is one on github.com, or on the host that is given. */
export function withHost(workflow: string, host = "https://github.com"): string {
  return workflow.startsWith("https://") ? workflow : `${host}/${workflow}`;
}

function repositoryOf(address: string): string {
  return address.split("/").slice(0, 5).join("/");
}

/** A root that is read once. */
export function withMaterial(root: TrustPolicy["root"]): Pick<TrustPolicy, "root" | "material"> {
  let known: ReturnType<TrustPolicy["material"]> | undefined;
  const read = async () => (await import("./trusted-root.ts")).readTrustedRoot(await root());
  return { root, material: () => (known ??= read()) };
}

/** What a registry is told of trust: who must have signed what it gives, and who signs what is written to it here. */
export interface RegistryTrust {
  /** null where nobody has to have signed anything. */
  policy(): Promise<TrustPolicy | null>;
  /** null where nothing is configured to sign with. */
  signer(policy: TrustPolicy): Promise<StatementSigner | null>;
  /** The job that writes; null outside of one. */
  run: StatingRun | null;
}

interface TrustPlace extends PolicyPlace {
  env: Environment;
  clock: Clock;
  log: Log;
}

/** Opens it; the policy is looked up when it is first asked for. */
export function openRegistryTrust(place: TrustPlace): RegistryTrust {
  let known: Promise<TrustPolicy | null> | undefined;
  const read = async () => (await import("./policy-source.ts")).readTrustPolicy(place);
  return {
    policy: () => (known ??= read()),
    async signer(policy) {
      const { openStatementSigner } = await import("./statement-signer.ts");
      return openStatementSigner(policy, { ...place, sleep: (seconds) => sleep(seconds * 1000) });
    },
    run: statingRun(place.env),
  };
}
