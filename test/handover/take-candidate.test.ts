import { generateKeyPairSync } from "node:crypto";
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { registerCandidate } from "../../pipelines/deploy.ts";
import { gateCandidate } from "../../pipelines/gate.ts";
import { writeCandidateFiles } from "../../pipelines/handover/candidate-files.ts";
import { bundleFile, type CandidateBundle, readOutcome } from "../../pipelines/handover/training-outcome.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { takeCandidate } from "../../pipelines/take-candidate.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { deployed, modelYaml, type Scratch } from "../scratch.ts";

let scratch: Scratch;
let sound: string;
let folder: string;
let other: string;
let workspace: Workspace;
const { privateKey, publicKey } = generateKeyPairSync("ed25519");

/** A model in production, and a better one on main that a job has trained; another job has a checkout and nothing else. */
beforeAll(async () => {
  scratch = await deployed();
  scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
  const der = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  scratch.write("mergeml.yaml", `step_cache: { public_key: "${der}" }\n`);
  scratch.git("add", ".");
  scratch.git("commit", "-qam", "Grow more trees, and share steps");
  scratch.git("push", "-q", "origin", "main");
  await scratch.facts(["train", "rent"]);
  sound = join(scratch.folder, "sound");
  await using trained = await open(scratch.root);
  expect(await writeCandidateFiles(trained, "rent", sound)).toBe(true);
  other = join(scratch.folder, "other");
  scratch.clone("other", "main");
  const key = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  workspace = await open(other, { MERGEML_STEP_KEY: key });
  folder = join(scratch.folder, "taken");
});

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(other, ".mergeml"), { recursive: true, force: true });
  cpSync(sound, folder, { recursive: true });
});

afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

function open(directory: string, more: Record<string, string> = {}): Promise<Workspace> {
  return openWorkspace({
    directory,
    env: { ...scratch.env, ...more },
    clock: systemClock,
    log: silentLog,
    useCache: true,
  });
}

function change(edit: (candidate: NonNullable<CandidateBundle["candidate"]>) => void): void {
  const file = join(folder, bundleFile);
  const bundle = JSON.parse(readFileSync(file, "utf8")) as CandidateBundle;
  edit(bundle.candidate!);
  writeFileSync(file, JSON.stringify(bundle));
}

type Loose = Record<string, unknown>;

describe("a candidate that another job trained", () => {
  it("is judged anew, and registered as if it had been trained here", async () => {
    const there = await readCandidate(scratch.root, "rent", scratch.root);
    change(({ evaluation, record }) => {
      for (const metric of evaluation.metrics) Object.assign(metric, { candidate: 0.001 });
      Object.assign(record, { predictions: { ...record.predictions, fingerprint: `fp:${"0".repeat(32)}` } });
    });
    expect(await takeCandidate(workspace, "rent", folder)).toEqual({ state: "candidate", id: there.record.id });
    expect(await readOutcome(other, "rent")).toEqual({ state: "candidate", id: there.record.id });

    // A third machine goes on from there: the key that seals is this job's, which ran no program.
    scratch.clone("third", "main");
    cpSync(join(other, ".mergeml/store"), join(scratch.folder, "third/.mergeml/store"), { recursive: true });
    const { stderr } = await scratch.mergeml("-C", "../third", "train", "rent");
    const elsewhere = [...stderr.matchAll(/(\S+) was done elsewhere/g)].map(([, step]) => step);
    expect(elsewhere).toEqual(expect.arrayContaining(["features", "train", "evaluate"]));

    const { candidate } = await gateCandidate(workspace, there.record.id, other);
    expect(candidate.evaluation.metrics).toEqual(there.evaluation.metrics);
    expect(candidate.record.predictions).toEqual(there.record.predictions);
    expect([candidate.naive, candidate.example]).toEqual([there.naive, there.example]);
    expect({ ...candidate.verdict, binds: null }).toEqual({ ...there.verdict, binds: null });
    const registered = await registerCandidate(workspace, candidate, { promote: true, pullRequest: null });
    expect(registered).toMatchObject({ version: 2, promoteCommit: expect.any(String) });
    expect((await scratch.mergeml("verify")).code).toBe(0);
    expect((await scratch.mergeml("reproduce", "rent@2")).code).toBe(0);
  });

  it.each<[string, () => void, string]>([
    [
      "whose config is not the commit's",
      () => change(({ record }) => Object.assign(record.config.params as Loose, { trees: 31 })),
      "another config than that of commit",
    ],
    [
      "of another commit",
      () => change(({ record }) => Object.assign(record, { commit: "1".repeat(40) })),
      "trained from another commit",
    ],
    [
      "split by another seed",
      () => change(({ record }) => Object.assign(record, { split_seed: 8 })),
      "split by another seed than 7",
    ],
    [
      "with other bytes of the model",
      () => {
        const file = join(folder, "model.onnx");
        const bytes = readFileSync(file);
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(file, bytes);
      },
      "model.onnx is not the model that was evaluated",
    ],
    [
      "with the train rows for test rows",
      () => cpSync(join(folder, "train.parquet"), join(folder, "test.parquet")),
      "test.parquet is not what was trained with: it has",
    ],
    ["without its rows", () => rmSync(join(folder, "train.parquet")), "train.parquet is missing"],
    [
      "with a link for the model",
      () => {
        rmSync(join(folder, "model.onnx"));
        symlinkSync("/etc/hostname", join(folder, "model.onnx"));
      },
      "model.onnx is not a plain file",
    ],
    ["without a bundle", () => rmSync(join(folder, bundleFile)), "bundle.json cannot be used: it is missing"],
  ])("%s is not taken", async (_name, harm, message) => {
    harm();
    await expect(takeCandidate(workspace, "rent", folder)).rejects.toThrow(message);
    expect(await readOutcome(other, "rent")).toBeNull();
  });

  it("that failed is told as it failed", async () => {
    const problems = [{ message: "no column size" }];
    const outcome = { state: "error", model: "rent", problems, during: "features" };
    writeFileSync(join(folder, bundleFile), JSON.stringify({ format: 1, model: "rent", outcome, candidate: null }));
    expect(await takeCandidate(workspace, "rent", folder)).toEqual(outcome);
    expect(await readOutcome(other, "rent")).toEqual(outcome);
  });
});
