import { sha256 } from "../config/canonical-json.ts";
import { UserError } from "../errors/expected-error.ts";
import { notSelfContained } from "../training/onnx/self-contained.ts";
import { formatMessage, promoteSubject, registerSubject } from "./commit-message.ts";
import { type CommitPlan, readAllObjects } from "./git/objects.ts";
import { editIndex, primaryMetric } from "./index-page.ts";
import type { InputExample } from "./mlflow-files.ts";
import { pointTo, writePointer } from "./production-pointer.ts";
import { findRecords, listVersions, type VersionFile } from "./read-records.ts";
import { bundleChange, signMove, signVerdict } from "./sign-writes.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Judged, judgedAgainst, requirePass, requireVerdict } from "./still-passes.ts";
import { modelFile, referenceFile } from "./stored-model.ts";
import { versionFiles } from "./version-files.ts";
import {
  type CandidateRecord,
  DamageError,
  type ProductionPointer,
  pointerFile,
  recordFile,
  type VersionRecord,
  versionFolder,
} from "./version-record.ts";
import { placeModel, type WriteContext, type WritePlan, type Writer, writeBranch } from "./write-branch.ts";

export interface RegisterInput extends Judged {
  candidate: CandidateRecord;
  /** The bytes of model.onnx. */
  model: Uint8Array;
  example?: InputExample | null;
  /** More files for the version's folder, by name. */
  extras?: Readonly<Record<string, Uint8Array | string>>;
  pullRequest: number | null;
  /** Who approved it, for the signed statement of its promotion. */
  approvedBy?: readonly string[];
  promote: boolean;
  /** Where it is put when it is promoted; production when left out. The gate always compares with production. */
  environment?: string;
  /** Scores and judges the candidate against what is in production at `snapshot`, when that is not what the verdict was given against. */
  judgeAgain(snapshot: Snapshot): Promise<Judged>;
  /** Told of a version and all that its folder has, the model itself included, before it is written: another number when others were first. */
  keep?(record: VersionRecord, files: readonly VersionFile[]): Promise<void>;
}

export interface RegisterResult {
  version: number;
  record: VersionRecord;
  /** This candidate was a version already: nothing was written, and it was not promoted. */
  alreadyRegistered: boolean;
  registerCommit: string | null;
  promoteCommit: string | null;
  /** Version that ran there before; only told when this one was promoted. */
  from: number | null;
}

/** Adds a version, and promotes it when asked, in one push: a crash leaves both or neither. */
export async function register(writer: Writer, input: RegisterInput): Promise<RegisterResult> {
  requireBytes(input);
  requirePass(input.candidate, input);
  const stored = await placeModel(writer, input.candidate.config.name, input.model);
  let judged: Judged = input;
  return writeBranch(writer, async (snapshot, context) => {
    const name = input.candidate.config.name;
    const versions = await listVersions(writer.git, snapshot.tip, name);
    const known = await findCandidate(writer, input.candidate, versions);
    if (known) return nothingToDo(known);
    const production = await snapshot.production(name);
    if (!judgedAgainst(judged, production)) judged = await judgeAnew(input, snapshot, production);
    const version = (versions.at(-1)?.version ?? 0) + 1;
    const before = await versionBefore(snapshot, name, versions.at(-1)?.version ?? null);
    const policy = (await writer.trust?.policy()) ?? null;
    const signers = policy?.required ? policy.signers : null;
    const content = {
      signers,
      ...input,
      ...judged,
      before,
      model: stored,
      example: input.example ?? null,
      extras: input.extras ?? {},
    };
    const files = versionFiles(content, { version, time: context.now, by: context.identity.name });
    const whole = wholeFolder(files, input.model);
    const hashes = Object.fromEntries(whole.map(({ name, bytes }) => [name, sha256(bytes)]));
    const signature = await signVerdict(writer, files.record, hashes);
    await input.keep?.(files.record, signature ? [...whole, signature] : whole);
    const index = await editIndex(writer.git, snapshot.tip, name);
    const signed = signature ? [bundleChange(files.record, signature)] : [];
    const registration = {
      ...files,
      changes: [...files.changes, ...signed, index.after({ versions: versions.length + 1 })],
    };
    const environment = input.environment ?? "production";
    const pointed = environment === "production" ? production : await snapshot.pointer(name, environment);
    return planCommits(writer, input, registration, pointed, (change) => index.after(change), context);
  });
}

function wholeFolder({ files }: Registration, model: Uint8Array): VersionFile[] {
  const others = files.filter(({ name }) => name !== modelFile && name !== referenceFile);
  return [...others, { name: modelFile, bytes: model }];
}

type Registration = ReturnType<typeof versionFiles>;
type AfterChange = Awaited<ReturnType<typeof editIndex>>["after"];

async function planCommits(
  writer: Writer,
  { promote, pullRequest, environment = "production", approvedBy = [] }: RegisterInput,
  { record, changes }: Registration,
  before: ProductionPointer | null,
  after: AfterChange,
  { identity, now }: WriteContext,
): Promise<WritePlan<RegisterResult>> {
  const { model, version, candidate, verdict } = record;
  const facts = { model, version, candidate: candidate.id, pullRequest, verdict: verdict.outcome };
  const commits: CommitPlan[] = [
    { message: formatMessage(registerSubject(model, version), verdict.summary, facts), changes },
  ];
  const from = before?.version ?? null;
  if (promote) {
    const inProduction = environment === "production";
    const pointer = pointTo(record, { since: now, by: identity.name, pullRequest });
    const index = inProduction ? [after({ production: { pointer, metric: primaryMetric(record) } })] : [];
    const move = { path: pointerFile(model, environment), content: writePointer(pointer) };
    const told = { ...move, environment, from, record, by: identity.name, since: now, pullRequest };
    const signed = await signMove(writer, { ...told, approvedBy, why: verdict.summary });
    commits.push({
      message: formatMessage(promoteSubject(model, from, version, environment), verdict.summary, {
        ...facts,
        environment,
      }),
      changes: [move, ...signed, ...index],
    });
  }
  const result = (ids: readonly string[]): RegisterResult => {
    const [registerCommit = null, promoteCommit = null] = ids;
    return { version, record, alreadyRegistered: false, registerCommit, promoteCommit, from: promote ? from : null };
  };
  return { commits, result };
}

/** What the card compares with. A damaged one keeps nobody from registering. */
async function versionBefore(snapshot: Snapshot, model: string, version: number | null): Promise<VersionRecord | null> {
  try {
    return version === null ? null : await snapshot.record(model, version);
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  }
}

async function findCandidate(
  { git }: Writer,
  { id }: CandidateRecord,
  versions: Parameters<typeof findRecords>[1],
): Promise<VersionRecord | null> {
  const found: VersionRecord[] = [];
  await findRecords(git, versions, id, (record) => record.candidate.id === id && found.push(record) > 0);
  return found[0] ?? null;
}

function nothingToDo(record: VersionRecord): WritePlan<RegisterResult> {
  const result = {
    version: record.version,
    record,
    alreadyRegistered: true,
    registerCommit: null,
    promoteCommit: null,
    from: null,
  };
  return { commits: [], result: () => result };
}

/** The gate once more, against the production that won the race. */
async function judgeAnew(
  input: RegisterInput,
  snapshot: Snapshot,
  production: ProductionPointer | null,
): Promise<Judged> {
  const { candidate } = input;
  const { name } = candidate.config;
  const now = production ? `v${production.version}` : "nothing";
  const change = `production of ${name} changed to ${now} while this candidate waited to be registered`;
  const judged = await input.judgeAgain(snapshot);
  if (judged.verdict.outcome !== "pass") {
    const message = `${change}, and against ${now} it does not pass: ${judged.verdict.summary}`;
    throw new UserError({
      message,
      hint: `nothing was registered. Train against the new production: mergeml run ${name}`,
    });
  }
  requirePass(candidate, judged);
  if (!judgedAgainst(judged, production))
    throw new UserError({
      message: `${change}, and it was not judged against that`,
      hint: `judge it again: mergeml train ${name}`,
    });
  return judged;
}

function requireBytes({ candidate, model }: RegisterInput): void {
  const { name } = candidate.config;
  if (sha256(model) !== candidate.model.sha256 || model.length !== candidate.model.size) {
    throw new UserError({
      message: `the model of ${name} is not the one that was evaluated: its sha256 differs`,
      hint: `make it again: mergeml train ${name}`,
    });
  }
  const outside = notSelfContained(model);
  if (outside === null) return;
  throw new UserError({
    message: `the model of ${name} cannot be registered: ${outside}`,
    hint: `write one file with all weights in it, and make it again: mergeml train ${name}`,
  });
}

/** A version of before signatures, and what was done to prove it. */
export interface ProvedVersion {
  version: number;
  /** Digest of the record that was proved: what was changed since is not adopted. */
  record: string;
  proof: string;
}

/** Signs proved versions in one commit; gives its id, or null when nothing was left to sign. */
export async function adoptProved(
  writer: Writer,
  model: string,
  proved: readonly ProvedVersion[],
): Promise<string | null> {
  return writeBranch<string | null>(writer, async (snapshot, { identity, now }) => {
    const changes = [];
    const versions: number[] = [];
    for (const { version, record: digest, proof } of proved) {
      const record = await snapshot.record(model, version);
      if (record.digest !== digest) continue;
      requireVerdict(record);
      const [file] = await readAllObjects(writer.git, [
        `${snapshot.tip}:${versionFolder(model, version)}/${recordFile}`,
      ]);
      const files = { ...record.files, [recordFile]: sha256(file?.content ?? "") };
      const adopted = { at: now.toISOString(), by: identity.name, proof };
      const bundle = await signVerdict(writer, record, files, adopted);
      if (bundle === null) continue;
      changes.push(bundleChange(record, bundle));
      versions.push(version);
    }
    const message = `trust(${model}): adopt ${versions.map((each) => `v${each}`).join(", ")}\n`;
    return {
      commits: changes.length > 0 ? [{ message, changes }] : [],
      result: (ids) => ids[0] ?? null,
    };
  });
}
