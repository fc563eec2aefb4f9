import type { TrialRecord } from "../candidate/search/score-trial.ts";
import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { ModelConfig } from "../config/model-config.ts";
import type { CheckResult, DatasetRef } from "../data/dataset-store.ts";
import type { SourceSnapshot } from "../data/sources/source-snapshot.ts";
import type { FeatureSpec } from "../data/table.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { Coefficient, Importance, TrainingCurve } from "../training/trainer.ts";
import { recordShape, shapeProblem } from "./record-shape.ts";

/** What a candidate is, before and after it is registered. Everything in it is a function of the inputs, but `created` and `commit`. */
export interface CandidateRecord {
  /** `c-` and 64 hex digits: the hash of everything that determines it. */
  id: string;
  /** Hash of what the user wrote: config, query and trainer, without the data. */
  definition: string;
  config: ModelConfig;
  query: string;
  trainer: { name: string; version: number };
  /** Commit of the models' repository, null outside one; `dirty` when the model's folder had uncommitted changes. */
  commit: string | null;
  dirty: boolean;
  features: readonly FeatureSpec[];
  classes: readonly string[];
  /** What drew the split; records of before it had a seed of its own lack it: it is `config.seed` there. */
  split_seed?: number;
  train: DatasetRef;
  test: DatasetRef;
  predictions: DatasetRef;
  /** What the query read of sources; absent where it names none. */
  sources?: readonly SourceSnapshot[];
  checks: readonly CheckResult[];
  notes: readonly string[];
  model: { sha256: string; size: number };
  importance: readonly Importance[];
  coefficients: readonly Coefficient[];
  /** Of a search: all it tried, in the order in which they were drawn. `config.params` has the winner's. */
  trials?: readonly TrialRecord[];
  curves: readonly TrainingCurve[];
  environment: Readonly<Record<string, string>>;
  /** ISO time. */
  created: string;
  train_seconds: number;
}

/** versions/<n>/version.json */
export interface VersionRecord {
  format: 1;
  model: string;
  version: number;
  candidate: CandidateRecord;
  evaluation: Evaluation;
  verdict: Verdict;
  pull_request: number | null;
  registered: string;
  registered_by: string;
  /** sha256 of every other file in the version's folder. */
  files: Readonly<Record<string, string>>;
  /** sha256 of this record's canonical JSON without `digest`. */
  digest: string;
}

/** What a pointer file of either kind says: a version, bound to its bytes and its record, since when and by whom. */
export interface VersionPointer {
  version: number;
  /** sha256 of the version's model.onnx. */
  model: string;
  /** `digest` of the version's version.json. */
  record: string;
  since: string;
  by: string;
}

/** models/<name>/production.json */
export interface ProductionPointer extends VersionPointer {
  pull_request: number | null;
}

/** models/<name>/challenger.json: the version that is tried beside production, and on what. */
export interface ChallengerPointer extends VersionPointer {
  /** `shadow`: it gets a copy of every request and answers none. `split`: it answers its share of them. */
  mode: "shadow" | "split";
  /** Of the requests that it answers, 0 < share < 1; null for a shadow. */
  share: number | null;
}

/** What a path on the registry branch is. `other` is nothing the registry writes. */
export type RegistryPath =
  | { kind: "format" | "index" | "attributes" | "workflow" | "other" }
  | { kind: "production" | "challenger"; model: string }
  /** What runs in an environment before production. */
  | { kind: "environment"; model: string; environment: string }
  /** The signed statement beside a pointer. */
  | { kind: "pointer-bundle"; model: string; pointer: string }
  | { kind: "version-file"; model: string; version: number; file: string };

export const formatFile = "registry.json";
export const indexFile = "README.md";
export const attributesFile = ".gitattributes";
/** GitHub runs it on pushes to the branch. */
export const workflowFile = ".github/workflows/registry.yml";
export const recordFile = "version.json";

export function modelFolder(model: string): string {
  return `models/${model}`;
}

export function productionFile(model: string): string {
  return `models/${model}/production.json`;
}

/** The file that says which version runs in an environment of a model. */
export function pointerFile(model: string, environment: string): string {
  return `models/${model}/${environment}.json`;
}

/** Whether a name can be an environment's: what else lies beside the pointers has names of its own. */
function isEnvironmentName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,38}$/.test(name) && name !== "challenger";
}

export function challengerFile(model: string): string {
  return `models/${model}/challenger.json`;
}

/** Beside a pointer file: the statement that signs it. */
export function pointerBundleFile(pointer: string): string {
  return pointer.replace(/\.json$/, ".sigstore.json");
}

export function versionsFolder(model: string): string {
  return `models/${model}/versions`;
}

export function versionFolder(model: string, version: number): string {
  return `models/${model}/versions/${version}`;
}

const fixed: Readonly<Record<string, RegistryPath>> = {
  [formatFile]: { kind: "format" },
  [indexFile]: { kind: "index" },
  [attributesFile]: { kind: "attributes" },
};

/** Reads a path of the branch back into what it stands for. */
export function parsePath(path: string): RegistryPath {
  const known = fixed[path];
  if (known) return known;
  if (/^\.github\/workflows\/[\w.-]+\.ya?ml$/.test(path)) return { kind: "workflow" };
  const [, model, rest] = /^models\/([a-z0-9-]+)\/(.+)$/s.exec(path) ?? [];
  if (!model || !rest) return { kind: "other" };
  if (rest === "production.json") return { kind: "production", model };
  if (rest === "challenger.json") return { kind: "challenger", model };
  const [, environment = ""] = /^([a-z0-9-]+)\.json$/.exec(rest) ?? [];
  if (isEnvironmentName(environment)) return { kind: "environment", model, environment };
  const [, pointer] = /^([a-z0-9-]+)\.sigstore\.json$/.exec(rest) ?? [];
  if (pointer) return { kind: "pointer-bundle", model, pointer };
  const [, version, file] = /^versions\/([1-9]\d{0,8})\/([\w.-]+)$/.exec(rest) ?? [];
  return version && file ? { kind: "version-file", model, version: Number(version), file } : { kind: "other" };
}

/** Whether a name can be a model's folder on the branch. */
export function isModelName(name: string): boolean {
  return /^[a-z0-9-]+$/.test(name);
}

/** The number of a version's folder; null for a name that is none, such as `03`. */
export function parseVersionNumber(name: string): number | null {
  return /^[1-9]\d{0,8}$/.test(name) ? Number(name) : null;
}

/** Adds the digest: sha256 of the record's canonical JSON without it. */
export function sealRecord(record: Omit<VersionRecord, "digest">): VersionRecord {
  return { ...record, digest: sha256(canonicalJson(record)) };
}

/** version.json as stored: indented, so that a version reads well on the branch's web page. */
export function writeRecord(record: VersionRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Reads version.json of one version. Throws DamageError when it is not what was sealed, or is another version's. */
export function readRecord(content: Uint8Array, model: string, version: number): VersionRecord {
  const file = `${versionFolder(model, version)}/${recordFile}`;
  const record = readRegistryJson(content, file) as unknown as VersionRecord;
  if (record.format !== 1)
    throw new DamageError(file, `has format ${JSON.stringify(record.format)}; this mergeml reads format 1`);
  const { digest, ...sealed } = record;
  if (sha256(canonicalJson(sealed)) !== digest)
    throw new DamageError(file, "was changed after it was registered: its digest does not match");
  const odd = shapeProblem(record, recordShape);
  if (odd !== null) throw new DamageError(file, `is no record of mergeml's: ${odd} is missing or of another kind`);
  if (record.model !== model || record.version !== version) {
    throw new DamageError(file, `is the record of ${record.model}@${record.version}, not of ${model}@${version}`);
  }
  return record;
}

/** Hashing and comparing recurse; nothing that is registered nests deeper than a dozen. */
const mostLevels = 64;

/** A JSON object of a file on the branch. Throws DamageError, naming the file, when it is none: anybody may have pushed it. */
export function readRegistryJson(content: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  const text = Buffer.from(content).toString("utf8");
  if (text.includes("<<<<<<< ") && /^<{7} /m.test(text))
    throw new DamageError(file, "still has the marks of a merge conflict");
  const value = parse(text, file);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DamageError(file, "is not a JSON object");
  const odd = oddity(value, mostLevels);
  if (odd !== null) throw new DamageError(file, odd);
  return value as Record<string, unknown>;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DamageError(file, `is not JSON: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
}

/** What JSON can hold and a record cannot; ends at the level that is one too deep. */
function oddity(value: unknown, levels: number): string | null {
  if (typeof value === "number" && !Number.isFinite(value)) return "has a number that is too large";
  if (typeof value !== "object" || value === null) return null;
  if (levels === 0) return `nests deeper than ${mostLevels} levels`;
  for (const member of Object.values(value)) {
    const found = oddity(member, levels - 1);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The branch holds something that mergeml did not write, or not so: a changed byte, an edited record, a promotion that no
 * gate let pass. Readers refuse it rather than serve it.
 */
export class DamageError extends UserError {
  readonly file: string;

  constructor(file: string, found: string, options?: ErrorOptions) {
    super(
      {
        message: `${file} on the registry branch ${found}`,
        hint: "nothing was loaded. See all that is wrong: mergeml verify",
      },
      options,
    );
    this.name = "DamageError";
    this.file = file;
  }
}
