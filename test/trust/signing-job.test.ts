import { expect, it } from "vitest";
import { apartWhereItSigns } from "../../pipelines/registry/trust/signing-job.ts";
import { byKey, byWorkflow, opsKey, policyOf, trustOfKey } from "./builders.ts";
import { deployWorkflow } from "./sigstore-services.ts";

const trust = (signers = [byWorkflow(deployWorkflow)]) => trustOfKey(policyOf(signers), null);
const job = {
  GITHUB_ACTIONS: "true",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_WORKFLOW_REF: deployWorkflow,
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://token.example",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer",
  MERGEML_ISOLATION: "auto",
};
const isolation = async (env: Record<string, string>, of = trust()) =>
  (await apartWhereItSigns(env, of)).MERGEML_ISOLATION;

it("has programs run apart or not at all in a job that could sign as one of the signers", async () => {
  expect(await isolation(job)).toBe("required");
  expect(await isolation({ ...job, MERGEML_ISOLATION: "none" })).toBe("required");
  const person = {
    kind: "identity" as const,
    identity: "https://x",
    issuer: "https://token.actions.githubusercontent.com",
  };
  expect(await isolation(job, trust([person]))).toBe("required");
  const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...keyed } = { ...job, MERGEML_SIGNING_KEY: "pem" };
  expect(await isolation(keyed, trust([byKey(opsKey.publicKey)]))).toBe("required");
});

it("leaves it as it was asked for where nothing could sign", async () => {
  const pull = deployWorkflow.replace("model-deploy.yml@refs/heads/main", "model-pr.yml@refs/pull/7/merge");
  expect(await isolation({ ...job, GITHUB_WORKFLOW_REF: pull })).toBe("auto");
  expect(await isolation({ ...job, GITHUB_SERVER_URL: "https://ghe.acme.com" })).toBe("auto");
  expect(await isolation(job, trust([byKey(opsKey.publicKey)]))).toBe("auto");
  expect(await isolation(job, trustOfKey(null, null))).toBe("auto");
  const { ACTIONS_ID_TOKEN_REQUEST_TOKEN: _, ...without } = job;
  expect(await isolation(without)).toBe("auto");
});
