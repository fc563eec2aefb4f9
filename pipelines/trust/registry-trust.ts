import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";
import type { Environment } from "../ports/environment.ts";
import type { Log } from "../ports/log.ts";
import type { PolicyPlace } from "./policy-source.ts";
import type { StatementSigner } from "./statement-signer.ts";
import type { TrustPolicy } from "./trust-policy.ts";
import { type StatingRun, statingRun } from "./verdict-statement.ts";

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
