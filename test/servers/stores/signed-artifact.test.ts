import { createHash, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { makeScratch } from "../../scratch.ts";
import { storeServers } from "./store-servers.ts";

test("a version's signed verdict is a referrer of its artifact, under the tag that lists referrers", async () => {
  await using server = await storeServers.find(({ name }) => name === "a registry")!.start();
  using scratch = makeScratch();
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  Object.assign(scratch.env, server.env(), {
    MERGEML_SIGNING_KEY: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  });
  scratch.write("keys/ops.pub", publicKey.export({ format: "pem", type: "spki" }).toString());
  scratch.write("mergeml.yaml", `${server.config("signed")}trust: { signers: [{ key: keys/ops.pub }] }\n`);
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Name a store and a signer");
  scratch.git("push", "-q");
  await scratch.facts(["init"]);
  const { code, stderr } = await scratch.mergeml("run", "rent");
  expect(code, stderr).toBe(0);

  const registry = `${server.endpoint}/v2/acme/signed`;
  const { auths } = JSON.parse(server.env().DOCKER_AUTH_CONFIG!) as { auths: Record<string, { auth: string }> };
  const authorization = `Basic ${auths[new URL(registry).host]!.auth}`;
  const ask = async (path: string, accept: string) =>
    Buffer.from(await (await fetch(`${registry}/${path}`, { headers: { authorization, accept } })).arrayBuffer());
  const manifestType = "application/vnd.oci.image.manifest.v1+json";
  const artifact = await ask("manifests/rent-v1", manifestType);
  const digest = createHash("sha256").update(artifact).digest("hex");
  const index = JSON.parse(
    (await ask(`manifests/sha256-${digest}`, "application/vnd.oci.image.index.v1+json")).toString(),
  ) as {
    manifests: { digest: string; artifactType: string }[];
  };
  expect(index.manifests).toMatchObject([{ artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json" }]);
  const referrer = JSON.parse((await ask(`manifests/${index.manifests[0]!.digest}`, manifestType)).toString()) as {
    subject: { digest: string };
    layers: { digest: string }[];
  };
  expect(referrer.subject.digest).toBe(`sha256:${digest}`);
  const bundle = await ask(`blobs/${referrer.layers[0]!.digest}`, "*/*");
  scratch.git("fetch", "-q", "origin", "registry");
  expect(bundle.toString()).toBe(scratch.git("show", "origin/registry:models/rent/versions/1/verdict.sigstore.json"));
  // Once more sends nothing twice, and everything is there.
  expect((await scratch.mergeml("store", "push", "rent@1")).code).toBe(0);
  expect((await scratch.mergeml("store", "verify")).code).toBe(0);
}, 120_000);
