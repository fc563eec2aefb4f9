import { sha256 } from "../config/canonical-json.ts";
import { hashBytes } from "../data/hash-file.ts";
import { EnvironmentError } from "../errors/expected-error.ts";
import { notSelfContained } from "../training/onnx/self-contained.ts";
import { DamageError, parsePath, readRegistryJson } from "./version-record.ts";

/** Keeps models that are too large for git, by content. The dataset store is one. */
export interface BlobStore {
  /** Which store it is, for messages: `the folder .mergeml/store on this machine`. */
  readonly title: string;
  /** Whether every machine can read what was put there, for as long as there is a registry. A folder ends with its machine. */
  readonly durable: boolean;
  /** Throws when it has no such blob. */
  readBlob(sha256: string): Promise<Uint8Array>;
  /** Returns the blob's sha256. */
  putBlob(bytes: Uint8Array): Promise<string>;
}

export const modelFile = "model.onnx";
export const referenceFile = "model.onnx.ref.json";

/** model.onnx.ref.json: which blob of the store the model is. */
interface ModelReference {
  store: string;
  sha256: string;
  size: number;
}

/** model.onnx.ref.json of a model that is in the store. */
export function writeReference(bytes: Uint8Array): string {
  const hash = sha256(bytes);
  const reference: ModelReference = {
    store: `models/${hash.slice("sha256:".length)}.onnx`,
    sha256: hash,
    size: bytes.length,
  };
  return `${JSON.stringify(reference, null, 2)}\n`;
}

/** Follows model.onnx.ref.json. Throws DamageError when it names another model than the record does. */
export async function followReference(
  store: BlobStore,
  content: Uint8Array,
  expected: string,
  file: string,
): Promise<Uint8Array> {
  const reference = readReference(content, file);
  if (reference.sha256 !== expected) throw new DamageError(file, "names another model than version.json does");
  try {
    return await store.readBlob(expected);
  } catch (cause) {
    const detail = {
      tried: `reading ${reference.store} from ${store.title}`,
      safe: "The registry branch is as it was.",
    };
    const message = `${store.title} does not have ${reference.store}, which ${file} names: ${(cause as Error).message}`;
    throw new EnvironmentError(`${message}\n${howToBringBack(file)}`, detail, { cause });
  }
}

/** An earlier mergeml kept models above 10 MB in a folder of one machine, from which a promotion brings them to the branch. */
function howToBringBack(file: string): string {
  const parsed = parsePath(file);
  if (parsed.kind !== "version-file") return "where it was registered it may still be: promote it there";
  const { model, version } = parsed;
  return `where it was registered it may still be; from there this puts it on the branch: mergeml promote ${model} --to ${version}`;
}

/** Throws DamageError unless the bytes are the model that the record names, and all of it. */
export async function checkModel(bytes: Uint8Array, expected: string, file: string): Promise<void> {
  const found = await hashBytes(bytes);
  if (found !== expected)
    throw new DamageError(
      file,
      `is not the model that was registered: its hash is ${short(found)}, the record says ${short(expected)}`,
    );
  const outside = notSelfContained(bytes);
  if (outside) throw new DamageError(file, `is not a whole model: ${outside}`);
}

function short(hash: string): string {
  return `${hash.slice(0, "sha256:".length + 12)}…`;
}

function readReference(content: Uint8Array, file: string): ModelReference {
  const { store, sha256: hash, size } = readRegistryJson(content, file);
  if (typeof store === "string" && typeof hash === "string" && typeof size === "number")
    return { store, sha256: hash, size };
  throw new DamageError(file, "is no reference: it lacks store, sha256 or size");
}
