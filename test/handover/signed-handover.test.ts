import { join } from "node:path";
import { expect, it } from "vitest";
import { registerCandidate } from "../../pipelines/deploy.ts";
import { gateCandidate } from "../../pipelines/gate.ts";
import { writeCandidateFiles } from "../../pipelines/handover/candidate-files.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { type Environment, silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { takeCandidate } from "../../pipelines/take-candidate.ts";
import { runTraining } from "../../pipelines/train.ts";
import { deployed, modelYaml } from "../scratch.ts";
import { deployWorkflow, startSigstore } from "../trust/sigstore-services.ts";

it("a deploy of two jobs signs in the one that registers: training asks for no certificate", async () => {
  await using services = await startSigstore();
  using scratch = await deployed();
  const { url, root } = services;
  scratch.write("keys/root.json", root);
  scratch.write(
    "mergeml.yaml",
    `trust:
  require: nothing
  signers: [{ workflow: ${deployWorkflow} }]
  root: keys/root.json
  sigstore: { fulcio: "${url}", rekor: "${url}" }
`,
  );
  scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Trust the deploy, and grow more trees");
  scratch.git("push", "-q", "origin", "main");
  scratch.clone("other", "main");
  const open = (directory: string) => {
    const env: Environment = { ...scratch.env, ...services.job() };
    return openWorkspace({ directory, env, clock: systemClock, log: silentLog, useCache: true });
  };
  const handed = join(scratch.folder, "handed");
  {
    await using training = await open(scratch.root);
    expect(await runTraining(training, "rent", { event: "train" })).toMatchObject({ state: "judged" });
    await writeCandidateFiles(training, "rent", handed);
  }
  expect(services.asked()).toBe(0);

  await using registering = await open(join(scratch.folder, "other"));
  const taken = await takeCandidate(registering, "rent", handed);
  const { candidate } = await gateCandidate(registering, (taken as { id: string }).id, registering.root);
  expect(services.asked()).toBe(0);
  await registerCandidate(registering, candidate, { promote: true, pullRequest: null });
  expect(services.asked()).toBe(2); // the verdict and the promotion
  expect(await scratch.facts(["audit"])).toMatchObject([
    { to: 1, signed_by: null, verdict_signed_by: null, doubt: null },
    { to: 2, signed_by: deployWorkflow, verdict_signed_by: deployWorkflow, doubt: null },
  ]);
  expect((await scratch.mergeml("dossier", "rent@2")).stdout).toContain("Its verdict is signed by acme");
});
