import { expect, it } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { keyStatementSigner } from "../../pipelines/registry/trust/statement-signer.ts";
import { openVersionChecks } from "../../pipelines/registry/trust/version-checks.ts";
import { byKey, byWorkflow, opsKey, policyOf, registered, signAsJob, signedBy } from "./builders.ts";
import { deployWorkflow, startSigstore } from "./sigstore-services.ts";

const count = 1000;

it.each([{ by: "a key" }, { by: "a job" }])(
  `${count} versions signed by $by are verified, and the ones that are not are named`,
  async ({ by }) => {
    await using services = await startSigstore();
    const sign = async (version: ReturnType<typeof registered>) =>
      by === "a key"
        ? keyStatementSigner(opsKey.privateKey).sign(version.statement)
        : signAsJob(version.statement, services);
    // Each is checked as if it was the only one: none is taken for another, whatever they have in common.
    const versions = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        const version = registered(at + 1);
        return { version, bundle: await sign(version) };
      }),
    );
    const policy = policyOf([by === "a key" ? byKey(opsKey.publicKey) : byWorkflow(deployWorkflow)], services);
    await using checks = await openVersionChecks({ policy: async () => policy }, count);
    const found = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const { version } = versions[at % 10]!;
        // Number 777 comes with another's bundle, 778 without one.
        const bundle = at === 777 ? versions[0]!.bundle : at === 778 ? null : versions[at % 10]!.bundle;
        return checks.check(signedBy(version, bundle));
      }),
    );
    const refused = found.flatMap((each, at) => (each instanceof UserError ? [`${at}: ${each.message}`] : []));
    expect(refused).toEqual([
      "777: rent@8 is not trusted: its signature is about rent@1",
      "778: rent@9 is not trusted: nobody has signed it",
    ]);
  },
  60_000,
);
