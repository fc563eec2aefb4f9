import { sha256 } from "../config/canonical-json.ts";
import { EnvironmentError } from "../errors/environment-error.ts";
import { UserError } from "../errors/user-error.ts";
import type { Branch } from "./branch.ts";
import type { FileChange } from "./git/commits.ts";
import { hasFile } from "./git/objects.ts";
import { versionFolder } from "./paths.ts";
import type { Snapshot } from "./snapshot.ts";
import { modelFile, referenceFile, writeReference } from "./stored-model.ts";
import type { VersionRecord } from "./version-record.ts";
import type { Writer } from "./write-branch.ts";

/** Bytes up to which a model is a file of the branch: servers refuse files from 100 MB. */
export const largestInGit = 90_000_000;

/** The file that stands for a model in its version's folder. */
export interface PlacedModel {
  file: string;
  content: Uint8Array | string;
}

type Placing = Pick<Writer, "branch" | "store" | "largestInGit" | "log">;

/**
 * The file that stands for the model. One too large for the branch is put into the store first, and read back. Throws UserError
 * when whoever reads the branch could not read the store.
 */
export async function placeModel(writer: Placing, model: string, bytes: Uint8Array): Promise<PlacedModel> {
  const refusal = await refuseModel(writer, model, bytes.length);
  if (refusal) throw refusal;
  if (bytes.length <= writer.largestInGit) return { file: modelFile, content: bytes };
  const { store, log } = writer;
  const hash = await store.putBlob(bytes);
  if (sha256(await store.readBlob(hash)) !== sha256(bytes)) throw notReadBack(writer, model);
  if (!store.durable)
    log.info(
      `model.onnx of ${model} (${megabytes(bytes.length)}) is in ${store.title}: keep it as you keep the registry`,
    );
  return { file: referenceFile, content: writeReference(bytes) };
}

/** Why a model of this size cannot become a version here, before anything is written; null when it can. */
export async function refuseModel(writer: Placing, model: string, size: number): Promise<UserError | null> {
  const { store, largestInGit: limit } = writer;
  const branch = await writer.branch();
  if (size <= limit || isReadableWith(branch, store)) return null;
  return new UserError({
    message: `model.onnx of ${model} is ${megabytes(size)}, more than the ${megabytes(limit)} that fit on ${branch.title}; it would be kept in ${store.title}, where nobody else can read it`,
    hint: "nothing was written. Make the model smaller, e.g. with fewer trees or narrower layers, or name a store in mergeml.yaml that other machines can read",
  });
}

/**
 * Reads a version's model, so that no pointer names bytes that are not there, and gives what must be written beside the pointer
 * for others to read it, too: the model itself, when only this machine's store has it. Throws UserError when it is too large.
 */
export async function secureModel(
  writer: Placing & Pick<Writer, "git">,
  snapshot: Snapshot & { tip: string },
  { model, version, files }: VersionRecord,
): Promise<FileChange[]> {
  const bytes = await snapshot.modelBytes(model, version);
  if (files[referenceFile] === undefined || isReadableWith(await writer.branch(), writer.store)) return [];
  const path = `${versionFolder(model, version)}/${modelFile}`;
  if (await hasFile(writer.git, snapshot.tip, path)) return [];
  const refusal = await refuseModel(writer, model, bytes.length);
  if (refusal) throw refusal;
  return [{ path, content: bytes }];
}

/** Whether who reads the branch can read the store. A branch of this machine alone lasts as long as a folder beside it. */
function isReadableWith({ remote }: Branch, { durable }: Writer["store"]): boolean {
  return durable || remote === null;
}

function notReadBack({ store }: Placing, model: string): EnvironmentError {
  return new EnvironmentError(`${store.title} gave other bytes back than were put there, of model.onnx of ${model}`, {
    tried: "putting the model into the store and reading it back",
    safe: "The registry branch is as it was.",
  });
}

function megabytes(size: number): string {
  return `${(size / 1e6).toFixed(size < 10e6 ? 1 : 0)} MB`;
}
