import { sha256 } from "../config/canonical-json.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { FileChange } from "./git/objects.ts";
import { type InputExample, mlflowFiles } from "./mlflow-files.ts";
import { modelCard } from "./model-card.ts";
import type { VersionFile } from "./read-records.ts";
import { modelFile, referenceFile } from "./stored-model.ts";
import type { WantedSigner } from "./trust/trust-policy.ts";
import {
  type CandidateRecord,
  recordFile,
  sealRecord,
  type VersionRecord,
  versionFolder,
  writeRecord,
} from "./version-record.ts";

/** What a version's folder is made of. */
export interface VersionContent {
  candidate: CandidateRecord;
  evaluation: Evaluation;
  verdict: Verdict;
  /** model.onnx, or the reference that stands for it. */
  model: { file: string; content: Uint8Array | string };
  example: InputExample | null;
  /** More files by name, such as profile.json. */
  extras: Readonly<Record<string, Uint8Array | string>>;
  pullRequest: number | null;
  /** The version before, for what the card says has changed; null for the first, and for one that cannot be read. */
  before?: VersionRecord | null;
  /** Who must sign it; null where nobody must. */
  signers?: readonly WantedSigner[] | null;
}

export interface Registration {
  version: number;
  time: Date;
  by: string;
}

/** The sealed record of a version and every file of its folder. Throws UserError for an extra file that takes another's name. */
export function versionFiles(
  content: VersionContent,
  { version, time, by }: Registration,
): { record: VersionRecord; changes: FileChange[]; files: VersionFile[] } {
  const { candidate, evaluation, verdict } = asStored(content);
  const { example } = content;
  const about = {
    model: candidate.config.name,
    version,
    candidate,
    evaluation,
    verdict,
    pull_request: content.pullRequest,
    registered: time.toISOString(),
    registered_by: by,
  };
  const own: Record<string, Uint8Array | string> = {
    ...mlflowFiles({ candidate, example, version, verdict: verdict.outcome, signers: content.signers ?? null }),
    "MODEL_CARD.md": modelCard({ ...about, before: content.before ?? null }),
    [content.model.file]: content.model.content,
  };
  checkExtras(content.extras, own);
  const files = { ...own, ...content.extras };
  const hashes = Object.fromEntries(
    Object.keys(files)
      .sort()
      .map((name) => [name, sha256(files[name]!)]),
  );
  const record = sealRecord({ format: 1, ...about, files: hashes });
  const folder = versionFolder(about.model, version);
  const written = Object.entries({ ...files, [recordFile]: writeRecord(record) });
  return {
    record,
    changes: written.map(([name, each]) => ({ path: `${folder}/${name}`, content: each })),
    files: written.map(([name, each]) => ({ name, bytes: typeof each === "string" ? Buffer.from(each) : each })),
  };
}

/** As a file holds it, so that the digest is of what will be read: NaN becomes null, undefined is left out. */
function asStored({
  candidate,
  evaluation,
  verdict,
}: VersionContent): Pick<VersionContent, "candidate" | "evaluation" | "verdict"> {
  return JSON.parse(JSON.stringify({ candidate, evaluation, verdict }));
}

function checkExtras(extras: VersionContent["extras"], own: Readonly<Record<string, unknown>>): void {
  const reserved = [recordFile, modelFile, referenceFile, ...Object.keys(own)];
  const wrong = Object.keys(extras).find((name) => reserved.includes(name) || !/^[A-Za-z0-9][\w.-]*$/.test(name));
  if (wrong !== undefined)
    throw new UserError({
      message: `${JSON.stringify(wrong)} cannot be an extra file of a version`,
      hint: "give it a plain name that no other file has",
    });
}
