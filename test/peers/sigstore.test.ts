import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openStatementSigner } from "../../pipelines/registry/trust/statement-signer.ts";
import type { RegistryTrust } from "../../pipelines/registry/trust/trust-policy.ts";
import { deploy, makeSandbox } from "../registry/builders.ts";
import { byKey, byWorkflow, opsKey, policyOf, trustOfKey } from "../trust/builders.ts";
import { deployWorkflow, startSigstore } from "../trust/sigstore-services.ts";
import { pythonOf } from "./virtual-environment.ts";

/** The folder of version 1 of rent, registered with this trust, on disk. */
async function folderWith(trust: RegistryTrust): Promise<string> {
  const sandbox = makeSandbox({ trust });
  onTestFinished(() => sandbox[Symbol.dispose]());
  await sandbox.registry.init();
  await deploy(sandbox.registry, { tag: "a", rmse: 500 });
  const folder = join(sandbox.folder, "exported");
  mkdirSync(folder);
  const archive = execFileSync("git", ["archive", "registry:models/rent/versions/1"], { cwd: sandbox.origin });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  return folder;
}

function python(folder: string, env: Record<string, string> = {}): { loader: string; sigstore?: string } {
  const script = join(import.meta.dirname, "check-signed.py");
  const args = [script, folder, `https://github.com/${deployWorkflow}`];
  const told = execFileSync(pythonOf("peer-sigstore"), args, { env: { ...process.env, ...env }, encoding: "utf8" });
  return JSON.parse(told) as { loader: string };
}

describe("Python checks a version's folder by itself", () => {
  it("when a key signed it, and refuses what was changed, unsigned or signed by another", async () => {
    const folder = await folderWith(trustOfKey(policyOf([byKey(opsKey.publicKey)]), opsKey.privateKey));
    expect(python(folder).loader).toBe("signed");
    const record = readFileSync(join(folder, "version.json"), "utf8");
    writeFileSync(join(folder, "version.json"), record.replace('"rows": 20', '"rows": 2000'));
    expect(python(folder).loader).toMatch(/rent@1 is not trusted: its signature is about another record.*Found: a key/);
    writeFileSync(join(folder, "version.json"), record);
    const other = join(folder, "..", "trust.json");
    writeFileSync(other, JSON.stringify({ signers: [{ workflow: deployWorkflow, issuer: "https://x.example" }] }));
    expect(python(folder, { MERGEML_TRUST: other }).loader).toMatch(/signed by another key.*wanted: acme\/models/);
    rmSync(join(folder, "verdict.sigstore.json"));
    expect(python(folder).loader).toMatch(/rent@1 is not trusted: nobody has signed it\. Wanted: the key sha256:/);
  });

  it("when a job signed it, and the package sigstore verifies the same bundle", async () => {
    await using services = await startSigstore();
    const place = { env: services.job(), clock: { now: () => new Date() }, log: silentLog, sleep: async () => {} };
    const policy = policyOf([byWorkflow(deployWorkflow)], services);
    const signer = async () => openStatementSigner(policy, place);
    const folder = await folderWith({ policy: async () => policy, signer, run: null });
    const root = join(folder, "..", "root.json");
    writeFileSync(root, services.root);
    expect(python(folder, { MERGEML_TRUSTED_ROOT: root })).toEqual({ loader: "signed", sigstore: "verified" });
    const stranger = deployWorkflow.replace("acme", "eve");
    const other = join(folder, "..", "trust.json");
    const issuer = "https://token.actions.githubusercontent.com";
    writeFileSync(other, JSON.stringify({ signers: [{ workflow: stranger, issuer }] }));
    const env = { MERGEML_TRUSTED_ROOT: root, MERGEML_TRUST: other };
    expect(python(folder, env).loader).toMatch(/rent@1 is not trusted.*calls itself https:\/\/github\.com\/acme/);
  });
});
