import { canonicalJson, sha256 } from "../../config/canonical-json.ts";
import type { Environment } from "../../ports/host.ts";
import type { VersionRecord } from "../version-record.ts";

/** What a signed verdict is called among predicates. */
export const verdictType = "https://github.com/mergeml/mergeml/blob/main/docs/trust.md#verdict-v1";

/** The job that states something; null outside of GitHub Actions. */
export interface StatingRun {
  /** Its page. */
  run: string | null;
  workflow: string | null;
  event: string | null;
  actor: string | null;
  attempt: number | null;
}

/** What the environment of a job says of its run. The certificate of a job says it too, and is what is believed. */
export function statingRun(env: Environment): StatingRun | null {
  const { GITHUB_RUN_ID: id, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  if (!id || !server || !repository) return null;
  return {
    run: `${server}/${repository}/actions/runs/${id}`,
    workflow: env.GITHUB_WORKFLOW_REF ?? null,
    event: env.GITHUB_EVENT_NAME ?? null,
    actor: env.GITHUB_ACTOR ?? null,
    attempt: Number(env.GITHUB_RUN_ATTEMPT) || null,
  };
}

/**
 * The verdict as a statement: its subjects are every file of the version's folder, by `files` with version.json among them, the
 * model, and the datasets, each by the hash of its reference; its predicate is what the gate said, of what, and against what.
 */
export function verdictStatement(
  record: VersionRecord,
  files: Readonly<Record<string, string>>,
  { run, adopted }: { run: StatingRun | null; adopted?: Adoption },
): Statement {
  const { model, version, candidate, evaluation, verdict } = record;
  const { train, test, predictions } = candidate;
  const datasets = Object.entries({ train, test, predictions }).map(
    ([split, set]) => [`dataset/${split}/${set.fingerprint}`, sha256(canonicalJson(set))] as const,
  );
  const subjects = { ...files, "model.onnx": candidate.model.sha256, ...Object.fromEntries(datasets) };
  return makeStatement(verdictType, subjects, {
    ...{ model, version, record: record.digest, candidate: candidate.id },
    config: sha256(canonicalJson(candidate.config)),
    ...{ definition: candidate.definition, commit: candidate.commit, pull_request: record.pull_request, run },
    data: {
      ...{ train: dataFacts(train), test: dataFacts(test), predictions: dataFacts(predictions) },
      sources: candidate.sources ?? [],
    },
    metrics: evaluation.metrics,
    thresholds: candidate.config.thresholds,
    baseline: { version: verdict.binds.baseline_version, model: verdict.binds.baseline_model },
    verdict: { outcome: verdict.outcome, rule: verdict.rule, summary: verdict.summary, judged_on: verdict.judged_on },
    tool: `mergeml ${verdict.binds.tool_version}`,
    ...{ registered: record.registered, registered_by: record.registered_by },
    ...(adopted && { adopted }),
  });
}

/** Why a version that was registered without a signature got one. */
export interface Adoption {
  /** ISO time. */
  at: string;
  by: string;
  /** What was done to prove it. */
  proof: string;
}

function dataFacts({ fingerprint, rows }: { fingerprint: string; rows: number }) {
  return { fingerprint, rows };
}

/** A thing that a statement is about, by the digest of its bytes. */
interface StatementSubject {
  name: string;
  digest: { sha256: string };
}

/** An in-toto statement, version 1: what is said of the subjects. */
export interface Statement {
  _type: typeof statementType;
  subject: readonly StatementSubject[];
  predicateType: string;
  predicate: Readonly<Record<string, unknown>>;
}

const statementType = "https://in-toto.io/Statement/v1";
export const payloadType = "application/vnd.in-toto+json";
/** What the file of a signed statement is called on the branch, beside what it is about. */
export const verdictBundleFile = "verdict.sigstore.json";

/** A statement about files, whose hashes are `sha256:` and hex digits as everywhere. */
export function makeStatement(
  predicateType: string,
  subjects: Readonly<Record<string, string>>,
  predicate: Statement["predicate"],
): Statement {
  const subject = Object.entries(subjects).map(([name, hash]) => ({
    name,
    digest: { sha256: hash.replace("sha256:", "") },
  }));
  return { _type: statementType, subject, predicateType, predicate };
}

/** The statement in a payload; null for anything else. */
export function parseStatement(payload: Uint8Array): Statement | null {
  try {
    const found = JSON.parse(Buffer.from(payload).toString("utf8")) as Partial<Statement> | null;
    if (found?._type !== statementType || !Array.isArray(found.subject) || !isBlock(found.predicate)) return null;
    const isSound = found.subject.every(
      (each) => typeof each?.name === "string" && typeof each?.digest?.sha256 === "string",
    );
    return isSound && typeof found.predicateType === "string" ? (found as Statement) : null;
  } catch {
    return null;
  }
}

function isBlock(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a statement is about these very bytes under this name. */
export function isAbout({ subject }: Statement, name: string, hash: string): boolean {
  return subject.some((each) => each.name === name && `sha256:${each.digest.sha256}` === hash);
}
