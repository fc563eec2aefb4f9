import { expect, it } from "vitest";
import { keyStatementSigner } from "../../pipelines/trust/statement-signer.ts";
import { requireTrusted } from "../../pipelines/trust/trusted-version.ts";
import { byKey, byWorkflow, opsKey, policyOf, registered, signAsJob, signedBy } from "./builders.ts";
import { deployWorkflow, startSigstore } from "./sigstore-services.ts";

/** Generous against a busy machine; docs/benchmarks.md has the figures of a quiet one. */
const patience = 20_000;

it.each([
  { by: "a key", count: 1000 },
  { by: "a job", count: 100 },
])(
  "$count versions signed by $by are verified in seconds",
  async ({ by, count }) => {
    await using services = await startSigstore();
    const version = registered(1);
    const bundle =
      by === "a key"
        ? await keyStatementSigner(opsKey.privateKey).sign(version.statement)
        : await signAsJob(version.statement, services);
    const policy = policyOf([byWorkflow(deployWorkflow), byKey(opsKey.publicKey)], services);
    await requireTrusted(policy, signedBy(version, bundle));
    const started = performance.now();
    for (let at = 0; at < count; at += 1) await requireTrusted(policy, signedBy(version, bundle));
    const took = performance.now() - started;
    console.info(`${count} versions signed by ${by}: ${Math.round(took)} ms`);
    expect(took).toBeLessThan(patience);
  },
  60_000,
);
