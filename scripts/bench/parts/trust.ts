import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { keyStatementSigner } from "../../../pipelines/registry/trust/statement-signer.ts";
import type { TrustPolicy } from "../../../pipelines/registry/trust/trust-policy.ts";
import type { SignedVersion } from "../../../pipelines/registry/trust/trusted-version.ts";
import { openVersionChecks } from "../../../pipelines/registry/trust/version-checks.ts";
import { byKey, byWorkflow, opsKey, policyOf, registered, signAsJob, signedBy } from "../../../test/trust/builders.ts";
import { deployWorkflow, startSigstore } from "../../../test/trust/sigstore-services.ts";
import { alone, type Row } from "../measure.ts";

const count = 1000;

/** What the check that every reader makes of a version costs, without git: each bundle another, and nothing remembered of any. */
export async function trustRows(add: (row: Row) => void): Promise<void> {
  await using services = await startSigstore();
  const versions = Array.from({ length: count }, (_, at) => registered(at + 1));
  const ways = [
    {
      by: "a key (ECDSA P-256)",
      policy: policyOf([byKey(opsKey.publicKey)]),
      sign: keyStatementSigner(opsKey.privateKey).sign,
    },
    {
      by: "a job (certificate, certificate log, log entry)",
      policy: policyOf([byWorkflow(deployWorkflow)], services),
      sign: (statement: (typeof versions)[number]["statement"]) => signAsJob(statement, services),
    },
  ];
  for (const { by, policy, sign } of ways) {
    const signed: SignedVersion[] = [];
    for (const version of versions) signed.push(signedBy(version, await sign(version.statement)));
    const runs = [];
    for (let run = 0; run < 5; run += 1) runs.push(await checkAll(policy, signed));
    const { seconds, processor } = runs.toSorted((one, other) => one.seconds - other.seconds)[2]!;
    add(
      alone(`${count} versions signed by ${by} checked`, [
        { value: seconds, unit: "s", most: 2 },
        { value: processor, unit: "CPU s" },
      ]),
    );
  }
}

/** The start of threads included. */
async function checkAll(policy: TrustPolicy, versions: readonly SignedVersion[]) {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await using checks = await openVersionChecks({ policy: async () => policy }, versions.length);
  const found = await Promise.all(versions.map((version) => checks.check(version)));
  const { user, system } = process.cpuUsage(before);
  const refused = found.find((each) => each instanceof UserError);
  if (refused) throw refused;
  return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
}
