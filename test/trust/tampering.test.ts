import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { keyStatementSigner } from "../../pipelines/registry/trust/statement-signer.ts";
import type { TrustPolicy } from "../../pipelines/registry/trust/trust-policy.ts";
import { requireTrusted, type SignedVersion } from "../../pipelines/registry/trust/trusted-version.ts";
import type { Statement } from "../../pipelines/registry/trust/verdict-statement.ts";
import { sealRecord, type VersionRecord, writeRecord } from "../../pipelines/registry/version-record.ts";
import { byKey, byWorkflow, opsKey, otherKey, policyOf, registered, signAsJob, signedBy } from "./builders.ts";
import { deployWorkflow, type JobClaims, type SigstoreServices, startSigstore } from "./sigstore-services.ts";

const day = 24 * 3600_000;
let ours: SigstoreServices;
let theirs: SigstoreServices;
let early: SigstoreServices;
let late: SigstoreServices;
let policy: TrustPolicy;

beforeAll(async () => {
  ours = await startSigstore();
  theirs = await startSigstore();
  early = await startSigstore({ clock: new Date(Date.now() + day), logClock: new Date() });
  late = await startSigstore({ clock: new Date(Date.now() - day), logClock: new Date() });
  policy = policyOf([byWorkflow(deployWorkflow), byKey(opsKey.publicKey)], ours);
});
afterAll(async () => {
  for (const each of [ours, theirs, early, late]) await each[Symbol.asyncDispose]();
});

const v1 = registered(1);
const v2 = registered(2);

/** A bundle as text, changed. */
type Bundle = {
  verificationMaterial: { publicKey: { hint: string }; tlogEntries: { integratedTime: string }[] };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid: string }[] };
};
const changed = (bundle: Uint8Array, change: (bundle: Bundle) => void): Uint8Array => {
  const parsed = JSON.parse(Buffer.from(bundle).toString("utf8")) as Bundle;
  change(parsed);
  return Buffer.from(JSON.stringify(parsed));
};
const payloadOf = (change: (statement: Statement) => unknown) => (bundle: Bundle) => {
  const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString("utf8")) as Statement;
  bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(change(statement))).toString("base64");
};
const flipped = (text: string) => {
  const bytes = Buffer.from(text, "base64");
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString("base64");
};
const resealed = (change: Partial<VersionRecord>): Pick<SignedVersion, "record" | "recordHash"> => {
  const { digest: _, ...rest } = { ...v2.record, ...change };
  const record = sealRecord(rest);
  return { record, recordHash: sha256(writeRecord(record)) };
};
const byOps = (statement: Statement) => keyStatementSigner(opsKey.privateKey).sign(statement);
const byJob = (claims: Partial<JobClaims>, services = ours) => signAsJob(v2.statement, services, services.job(claims));

interface Case {
  title: string;
  version(): Promise<SignedVersion>;
  says: RegExp;
  /** What is told of who signed. */
  found?: RegExp;
  policy?: () => TrustPolicy;
}

const forged = {
  ...v2.record.evaluation,
  metrics: v2.record.evaluation.metrics.map((each) => ({ ...each, candidate: 1 })),
};
const workflowOf = (text: string): Partial<JobClaims> => ({ workflow_ref: text });

const cases: Case[] = [
  { title: "no signature at all", version: async () => signedBy(v2, null), says: /nobody has signed it/ },
  { title: "an empty file", version: async () => signedBy(v2, Buffer.alloc(0)), says: /is no Sigstore bundle/ },
  { title: "a file that is too large", version: async () => signedBy(v2, Buffer.alloc(5_000_000)), says: /too large/ },
  {
    title: "metrics made up and the record sealed again, with the old signature",
    version: async () => signedBy(resealed({ evaluation: forged }), await byOps(v2.statement)),
    says: /about another record than its version\.json/,
  },
  {
    title: "another model's hash in the record",
    version: async () =>
      signedBy(
        resealed({ candidate: { ...v2.record.candidate, model: { sha256: sha256("x"), size: 1 } } }),
        await byOps(v2.statement),
      ),
    says: /about another record/,
  },
  {
    title: "a version.json with another byte and the same digest",
    version: async () => ({ ...signedBy(v2, await byOps(v2.statement)), recordHash: sha256("with a space") }),
    says: /about another record than its version\.json/,
  },
  {
    title: "an invented pull request",
    version: async () => signedBy(resealed({ pull_request: 99 }), await byOps(v2.statement)),
    says: /about another record/,
  },
  {
    title: "another file's hash in the record",
    version: async () =>
      signedBy(resealed({ files: { ...v2.record.files, "MODEL_CARD.md": sha256("") } }), await byOps(v2.statement)),
    says: /about another record/,
  },
  {
    title: "the signature of another version",
    version: async () => signedBy(v2, await byOps(v1.statement)),
    says: /its signature is about rent@1/,
    found: /a key/,
  },
  {
    title: "a job's signature of another version",
    version: async () => signedBy(v2, await signAsJob(v1.statement, ours)),
    says: /its signature is about rent@1/,
  },
  {
    title: "the signature of another model's version of the same number",
    version: async () =>
      signedBy(v2, await byOps({ ...v2.statement, predicate: { ...v2.statement.predicate, model: "flight-delay" } })),
    says: /its signature is about flight-delay@2/,
  },
  {
    title: "a statement of another kind",
    version: async () =>
      signedBy(v2, await byOps({ ...v2.statement, predicateType: "https://slsa.dev/provenance/v1" })),
    says: /what is signed is no verdict \(https:\/\/slsa\.dev/,
  },
  {
    title: "a verdict that was signed as fail",
    version: async () => {
      const verdict = { ...(v2.statement.predicate.verdict as object), outcome: "fail" };
      return signedBy(v2, await byOps({ ...v2.statement, predicate: { ...v2.statement.predicate, verdict } }));
    },
    says: /about another verdict than the record's/,
  },
  {
    title: "a version that failed, signed as it is",
    version: async () => {
      const failed = registered(2, ({ digest: _, ...record }) =>
        sealRecord({ ...record, verdict: { ...record.verdict, outcome: "fail" } }),
      );
      return signedBy(failed, await byOps(failed.statement));
    },
    says: /the verdict that is signed is fail/,
  },
  {
    title: "a statement without the model among its subjects",
    version: async () =>
      signedBy(
        v2,
        await byOps({ ...v2.statement, subject: v2.statement.subject.filter(({ name }) => name !== "model.onnx") }),
      ),
    says: /about another model/,
  },
  {
    title: "a payload changed after it was signed by a key",
    version: async () =>
      signedBy(
        v2,
        changed(
          await byOps(v1.statement),
          payloadOf(() => v2.statement),
        ),
      ),
    says: /does not match what is signed/,
  },
  {
    title: "a payload changed after it was signed by a job",
    version: async () =>
      signedBy(
        v2,
        changed(
          await signAsJob(v1.statement, ours),
          payloadOf(() => v2.statement),
        ),
      ),
    says: /signature does not hold/,
  },
  {
    title: "a signature with another bit",
    version: async () =>
      signedBy(
        v2,
        changed(await signAsJob(v2.statement, ours), ({ dsseEnvelope }) => {
          dsseEnvelope.signatures[0]!.sig = flipped(dsseEnvelope.signatures[0]!.sig);
        }),
      ),
    says: /signature does not hold/,
  },
  {
    title: "a payload of another type",
    version: async () =>
      signedBy(
        v2,
        changed(await byOps(v2.statement), ({ dsseEnvelope }) => {
          dsseEnvelope.payloadType = "text/plain";
        }),
      ),
    says: /not one over an in-toto statement/,
  },
  {
    title: "a stranger's key",
    version: async () => signedBy(v2, await keyStatementSigner(otherKey.privateKey).sign(v2.statement)),
    says: /signed by another than it must be/,
    found: /a key \(sha256:/,
  },
  {
    title: "a stranger's key that calls itself ours",
    version: async () =>
      signedBy(
        v2,
        changed(await keyStatementSigner(otherKey.privateKey).sign(v2.statement), ({ verificationMaterial }) => {
          verificationMaterial.publicKey.hint = byKeyName();
        }),
      ),
    says: /does not match what is signed/,
  },
  {
    title: "a key that was replaced by another",
    version: async () => signedBy(v2, await byOps(v2.statement)),
    policy: () => policyOf([byKey(generateKeyPairSync("ed25519").publicKey)], ours),
    says: /signed by another than it must be/,
    found: /a key/,
  },
  {
    title: "a signer that is listed no more",
    version: async () => signedBy(v2, await signAsJob(v2.statement, ours)),
    policy: () => policyOf([byKey(opsKey.publicKey)], ours),
    says: /signed by another than it must be/,
    found: /acme\/models\/\.github\/workflows\/model-deploy\.yml@refs\/heads\/main/,
  },
  {
    title: "another repository",
    version: async () =>
      signedBy(v2, await byJob(workflowOf("eve/models/.github/workflows/model-deploy.yml@refs/heads/main"))),
    says: /signed by another/,
    found: /eve\/models/,
  },
  {
    title: "a fork's workflow of the same name that calls itself ours",
    version: async () =>
      signedBy(v2, await byJob({ repository: "acme-fork/models", job_workflow_ref: deployWorkflow })),
    says: /signed by another/,
  },
  {
    title: "a stranger who calls the same reusable workflow",
    version: async () =>
      signedBy(
        v2,
        await byJob({
          ...workflowOf("eve/models/.github/workflows/deploy.yml@refs/heads/main"),
          job_workflow_ref: deployWorkflow,
        }),
      ),
    says: /signed by another/,
    found: /eve\/models/,
  },
  {
    title: "another workflow of the repository",
    version: async () =>
      signedBy(v2, await byJob(workflowOf("acme/models/.github/workflows/drift.yml@refs/heads/main"))),
    says: /signed by another/,
    found: /drift\.yml/,
  },
  {
    title: "the workflow on another branch",
    version: async () =>
      signedBy(v2, await byJob(workflowOf("acme/models/.github/workflows/model-deploy.yml@refs/heads/feature"))),
    says: /signed by another/,
    found: /refs\/heads\/feature/,
  },
  {
    title: "a pull request's run of the workflow",
    version: async () =>
      signedBy(v2, await byJob(workflowOf("acme/models/.github/workflows/model-deploy.yml@refs/pull/7/merge"))),
    says: /signed by another/,
    found: /refs\/pull\/7/,
  },
  {
    title: "an issuer other than GitHub",
    version: async () => signedBy(v2, await byJob({ iss: "https://tokens.eve.example" })),
    says: /signed by another/,
  },
  {
    title: "a certificate of another authority",
    version: async () => signedBy(v2, await byJob({}, theirs)),
    says: /signature does not hold/,
    found: /calls itself https:\/\/github\.com\/acme\/models/,
  },
  {
    title: "a certificate that was not yet valid when it was logged",
    version: async () => signedBy(v2, await byJob({}, early)),
    policy: () => policyOf([byWorkflow(deployWorkflow)], early),
    says: /signature does not hold/,
  },
  {
    title: "a certificate that had expired when it was logged",
    version: async () => signedBy(v2, await byJob({}, late)),
    policy: () => policyOf([byWorkflow(deployWorkflow)], late),
    says: /signature does not hold/,
  },
  {
    title: "no entry in the log",
    version: async () =>
      signedBy(
        v2,
        changed(await signAsJob(v2.statement, ours), ({ verificationMaterial }) => {
          verificationMaterial.tlogEntries = [];
        }),
      ),
    says: /signature does not hold/,
  },
  {
    title: "the log entry of another signature",
    version: async () => {
      const other = JSON.parse(Buffer.from(await signAsJob(v1.statement, ours)).toString("utf8")) as Bundle;
      return signedBy(
        v2,
        changed(await signAsJob(v2.statement, ours), ({ verificationMaterial }) => {
          verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
        }),
      );
    },
    says: /signature does not hold/,
  },
  {
    title: "a log entry that the log did not sign",
    version: async () =>
      signedBy(
        v2,
        changed(await signAsJob(v2.statement, ours), ({ verificationMaterial }) => {
          const entry = verificationMaterial.tlogEntries[0]!;
          entry.integratedTime = String(Number(entry.integratedTime) - 60);
        }),
      ),
    says: /signature does not hold/,
  },
  {
    title: "a job's certificate with a key's signature",
    version: async () => {
      const key = JSON.parse(Buffer.from(await byOps(v2.statement)).toString("utf8")) as Bundle;
      return signedBy(
        v2,
        changed(await signAsJob(v2.statement, ours), (bundle) => {
          bundle.dsseEnvelope = key.dsseEnvelope;
        }),
      );
    },
    says: /signature does not hold/,
  },
];

function byKeyName(): string {
  const wanted = byKey(opsKey.publicKey);
  return wanted.kind === "key" ? wanted.name : "";
}

it("takes what one of the signers signed", async () => {
  await expect(requireTrusted(policy, signedBy(v2, await byOps(v2.statement)))).resolves.toMatchObject({
    signer: { kind: "key" },
  });
  await expect(requireTrusted(policy, signedBy(v2, await signAsJob(v2.statement, ours)))).resolves.toMatchObject({
    signer: { kind: "certificate", workflow: `https://github.com/${deployWorkflow}`, trigger: "push" },
  });
});

it("takes a job of ours that calls another's workflow", async () => {
  const job_workflow_ref = "mergeml/mergeml/.github/workflows/model-deploy.yml@refs/tags/v1";
  await expect(requireTrusted(policy, signedBy(v2, await byJob({ job_workflow_ref })))).resolves.toBeTruthy();
});

it.each(cases)("refuses $title", async ({ version, says, found, policy: other }) => {
  const refused = await requireTrusted(other?.() ?? policy, await version()).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: "UntrustedError", message: expect.stringMatching(/^rent@2 is not trusted: /) });
  const { message, problems } = refused as { message: string; problems: { hint: string }[] };
  expect(message).toMatch(says);
  expect(problems[0]!.hint).toContain("wanted: ");
  if (found) expect(problems[0]!.hint.split("found: ")[1]).toMatch(found);
});

it("knows at least thirty ways", () => expect(cases.length).toBeGreaterThanOrEqual(30));
