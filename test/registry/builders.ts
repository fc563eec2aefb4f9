import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import type { Baseline, Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import { judge } from "../../pipelines/gate/judge.ts";
import type { Verdict } from "../../pipelines/gate/verdict.ts";
import { type Clock, silentLog } from "../../pipelines/ports/host.ts";
import { type Git, openGit } from "../../pipelines/registry/git/git.ts";
import { openRegistry, type RegisterInput, type Registry } from "../../pipelines/registry/registry.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import type { BlobStore } from "../../pipelines/registry/stored-model.ts";
import type { RegistryTrust } from "../../pipelines/registry/trust/trust-policy.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { defaultSettings, defaultThresholds } from "../default-settings.ts";
import { isolatedEnvironment } from "../isolated-environment.ts";
import { fromTemplate } from "../templates.ts";

type Environment = Record<string, string | undefined>;

/** A repository of models in a temporary folder, with a bare origin unless `remote` is false, and its registry. */
export interface Sandbox extends Disposable {
  folder: string;
  /** The clone that mergeml works in. */
  work: string;
  /** The bare repository. */
  origin: string;
  env: Environment;
  git: Git;
  registry: Registry;
  store: BlobStore;
  /** Plain git, as a person types it, in `work` or another folder of the sandbox. */
  plain(args: readonly string[], cwd?: string, input?: string): string;
  /** Another clone of origin with the registry branch checked out. */
  checkout(name?: string): string;
  /** The tip of the registry branch where its truth is. */
  tip(): string;
}

interface SandboxOptions {
  remote?: boolean;
  clock?: Clock;
  random?: () => number;
  trust?: RegistryTrust;
}

export function makeSandbox(options: SandboxOptions = {}): Sandbox {
  const remote = options.remote !== false;
  return sandboxIn(
    fromTemplate(`registry${remote ? "-origin" : ""}`, (made) => startWork(made, remote)),
    options,
  );
}

/** The sandbox whose repositories are in a folder already. */
export function sandboxIn(folder: string, options: SandboxOptions = {}): Sandbox {
  const remote = options.remote !== false;
  const env = isolatedEnvironment(folder);
  const [work, origin] = [join(folder, "work"), join(folder, "origin.git")];
  const plain: Sandbox["plain"] = (args, cwd = work, input = "") => runPlain(args, { cwd, env, input });
  const git = openGit(work, { env });
  const store = memoryStore();
  return {
    folder,
    work,
    origin,
    env,
    git,
    store,
    registry: openRegistry({
      git,
      store,
      branch: "registry",
      log: silentLog,
      clock: options.clock ?? ticking(),
      random: options.random ?? (() => 0),
      trust: options.trust,
    }),
    plain,
    checkout(name = "person") {
      plain(["clone", "-q", "--branch", "registry", origin, name], folder);
      return join(folder, name);
    },
    tip: () => plain(["rev-parse", "refs/heads/registry"], remote ? origin : work),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function startWork(folder: string, remote: boolean): void {
  const cwd = join(folder, "work");
  const git = (...args: string[]) => runPlain(args, { cwd, env: isolatedEnvironment(folder), input: "" });
  mkdirSync(cwd);
  git("init", "-q", "--initial-branch=main");
  git("commit", "-q", "--allow-empty", "-m", "Start");
  if (!remote) return;
  git("init", "-q", "--bare", "--initial-branch=main", "../origin.git");
  git("-C", "../origin.git", "config", "gc.auto", "0");
  git("remote", "add", "origin", "../origin.git");
}

function runPlain(args: readonly string[], options: { cwd: string; env: Environment; input: string }): string {
  const env = options.env as NodeJS.ProcessEnv;
  return execFileSync("git", args, { ...options, env, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] }).trim();
}

/** A second later each time it is asked, so that every test sees the same times. */
export function ticking(start = Date.UTC(2026, 0, 1)): Clock {
  let now = start;
  return { now: () => new Date((now += 1000)) };
}

/** A store that other machines can read, too. */
export function memoryStore(): BlobStore & { blobs: Map<string, Uint8Array> } {
  const blobs = new Map<string, Uint8Array>();
  return {
    blobs,
    title: "a store everybody reads",
    durable: true,
    async readBlob(hash) {
      const bytes = blobs.get(hash);
      if (!bytes) throw new Error(`no blob ${hash}`);
      return bytes;
    },
    async putBlob(bytes) {
      blobs.set(sha256(bytes), bytes);
      return sha256(bytes);
    },
  };
}

export interface CandidateOptions {
  model?: string;
  /** Tells candidates apart: another tag is another definition, data and model. */
  tag: string;
  /** rmse; smaller is better, and each must be better than production's. */
  rmse: number;
  bytes?: Uint8Array;
  baseline?: Baseline;
  productionRmse?: number | null;
}

export interface BuiltCandidate {
  candidate: CandidateRecord;
  evaluation: Evaluation;
  verdict: Verdict;
  model: Uint8Array;
}

/** The smallest ONNX file that differs from others: a ModelProto with nothing but a producer_name. */
export function onnxOf(name: string): Buffer {
  const text = Buffer.from(name);
  return Buffer.concat([Buffer.from([0x12, text.length]), text]);
}

/** A candidate whose parts fit together, judged by the real gate against `baseline` (none by default). */
export function buildCandidate(options: CandidateOptions): BuiltCandidate {
  const model = options.bytes ?? onnxOf(`onnx of ${options.model ?? "rent"} ${options.tag}`);
  const candidate = candidateRecord(options, model);
  const evaluation = evaluationOf(candidate, options);
  const { baseline } = evaluation;
  const verdict = judge(evaluation, candidate.config.thresholds, {
    today: "2026-01-01",
    checks: candidate.checks,
    binds: {
      definition: candidate.definition,
      commit: candidate.commit,
      train_fingerprint: candidate.train.fingerprint,
      test_fingerprint: candidate.test.fingerprint,
      candidate_model: candidate.model.sha256,
      baseline_version: baseline.state === "none" ? null : baseline.version,
      baseline_model: baseline.state === "none" ? null : baseline.model,
      tool_version: "0.1.0",
    },
  });
  return { candidate, evaluation, verdict, model };
}

const features = [
  { name: "size", kind: "number" as const },
  { name: "city", kind: "category" as const },
];

function candidateRecord({ model: name = "rent", tag }: CandidateOptions, model: Uint8Array): CandidateRecord {
  const fingerprint = (of: string) => `fp:${sha256(`${of} ${tag}`).slice(7, 39)}`;
  const dataset = (of: string, rows: number) => ({
    fingerprint: fingerprint(of),
    rows,
    columns: [{ name: "size", type: "DOUBLE" }],
  });
  return {
    id: `c-${sha256(`candidate ${name} ${tag}`).slice(7)}`,
    definition: sha256(`definition ${name} ${tag}`),
    config: modelConfig(name),
    query: "SELECT size, city, rent FROM 'flats.csv'\n",
    trainer: { name: "linear", version: 1 },
    commit: "4be91c2000000000000000000000000000000000",
    dirty: false,
    features,
    classes: [],
    train: dataset("train", 80),
    test: dataset("test", 20),
    predictions: dataset("predictions", 20),
    checks: [],
    notes: [],
    model: { sha256: sha256(model), size: model.length },
    importance: [{ feature: "size", share: 1 }],
    coefficients: [],
    curves: [],
    environment: { mergeml: "0.1.0", node: "24" },
    created: "2026-01-01T00:00:00.000Z",
    train_seconds: 0.25,
  };
}

function modelConfig(name: string): ModelConfig {
  return {
    name,
    description: "Monthly rent of a flat",
    owner: "@octo-org/ops",
    task: "regression",
    type: "linear",
    seed: 7,
    params: { l2: 0.1 },
    search: null,
    features: {
      engine: "duckdb",
      query: "features.sql",
      window: null,
      key: ["id"],
      target: "rent",
      time: null,
      split: { by: "key", test: 0.2 },
      checks: [],
    },
    thresholds: {
      ...defaultThresholds,
      primary: "rmse",
      first_deploy: { rmse: { max: 1000 } },
    },
    ...defaultSettings,
  };
}

function evaluationOf(
  candidate: CandidateRecord,
  { rmse, baseline = { state: "none" }, productionRmse = null }: CandidateOptions,
): Evaluation {
  const difference =
    productionRmse === null
      ? null
      : {
          value: rmse - productionRmse,
          low: rmse - productionRmse - 0.1,
          high: rmse - productionRmse + 0.1,
          confidence: 0.95,
        };
  return {
    task: "regression",
    primary: "rmse",
    rows: 20,
    test_fingerprint: candidate.test.fingerprint,
    model: candidate.model.sha256,
    features,
    classes: [],
    baseline,
    metrics: [
      { metric: "rmse", direction: "min", naive: 2000, production: productionRmse, candidate: rmse, difference },
    ],
    slices: [],
    small_slices: 0,
    bins: [],
  };
}

/** A candidate judged against what is in production at `snapshot`, as the pipelines do it. */
export async function judgedAt(snapshot: Snapshot, options: CandidateOptions): Promise<BuiltCandidate> {
  const production = await snapshot.production(options.model ?? "rent");
  if (!production) return buildCandidate(options);
  const { candidate, evaluation } = await snapshot.record(options.model ?? "rent", production.version);
  const baseline: Baseline = {
    state: "scored",
    version: production.version,
    model: production.model,
    features: candidate.features,
    classes: [],
  };
  return buildCandidate({ ...options, baseline, productionRmse: evaluation.metrics[0]?.candidate ?? null });
}

/** What `register` takes for a candidate that judges itself again when production changed. */
export function registration(built: BuiltCandidate, options: CandidateOptions, promote = true): RegisterInput {
  const example = {
    columns: ["size", "city"],
    rows: [
      [50, "Bonn"],
      [null, "Ulm"],
    ],
  };
  return { ...built, example, pullRequest: null, promote, judgeAgain: (snapshot) => judgedAt(snapshot, options) };
}

/** Registers and promotes a candidate that is better than production. */
export async function deploy(registry: Registry, options: CandidateOptions, promote = true) {
  const built = await judgedAt(await registry.snapshot(), options);
  return registry.register(registration(built, options, promote));
}

/** Registers and promotes a candidate that is a little better than whatever is in production when it is judged. */
export async function deployBetter(registry: Registry, tag: string) {
  const judge = async (snapshot: Snapshot) => {
    const pointer = await snapshot.production("rent");
    const record = pointer && (await snapshot.record("rent", pointer.version));
    return judgedAt(snapshot, { tag, rmse: (record?.evaluation.metrics[0]?.candidate ?? 900) - 0.01 });
  };
  const built = await judge(await registry.snapshot());
  return registry.register({ ...registration(built, { tag, rmse: 0 }), judgeAgain: judge });
}
