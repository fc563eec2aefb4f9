import { sha256 } from "../config/canonical-json.ts";
import { EnvironmentError } from "../errors/environment-error.ts";
import { DamageError } from "./damage.ts";

/** Keeps models that are too large for git, by content. The dataset store is one. */
export interface BlobStore {
  /** Throws when it has no such blob. */
  readBlob(sha256: string): Promise<Uint8Array>;
  /** Returns the blob's sha256. */
  putBlob(bytes: Uint8Array): Promise<string>;
}

export const modelFile = "model.onnx";
export const referenceFile = "model.onnx.ref.json";

/** Above this size in bytes a model goes to the store, and a reference to the branch. */
export const largestInGit = 10 * 1024 * 1024;

/** model.onnx.ref.json: which blob of the store the model is. */
interface ModelReference {
  store: string;
  sha256: string;
  size: number;
}

/** The file that stands for the model in a version's folder; a large model is put in the store first. */
export async function storeModel(
  store: BlobStore,
  bytes: Uint8Array,
): Promise<{ file: string; content: Uint8Array | string }> {
  if (bytes.length <= largestInGit) return { file: modelFile, content: bytes };
  const hash = sha256(bytes);
  await store.putBlob(bytes);
  const reference: ModelReference = {
    store: `models/${hash.slice("sha256:".length)}.onnx`,
    sha256: hash,
    size: bytes.length,
  };
  return { file: referenceFile, content: `${JSON.stringify(reference, null, 2)}\n` };
}

/** Follows model.onnx.ref.json. Throws DamageError when it names another model than the record does. */
export async function followReference(
  store: BlobStore,
  content: Uint8Array,
  expected: string,
  file: string,
): Promise<Uint8Array> {
  const reference = parse(content, file);
  if (reference.sha256 !== expected) throw new DamageError(file, "names another model than version.json does");
  try {
    return await store.readBlob(expected);
  } catch (cause) {
    const detail = {
      tried: `reading ${reference.store} from the dataset store`,
      safe: "The registry branch is as it was.",
    };
    throw new EnvironmentError(
      `the dataset store does not have ${reference.store}, which ${file} names: ${(cause as Error).message}`,
      detail,
      { cause },
    );
  }
}

/** Throws DamageError unless the bytes are the model that the record names. */
export function checkModel(bytes: Uint8Array, expected: string, file: string): void {
  const found = sha256(bytes);
  if (found !== expected)
    throw new DamageError(
      file,
      `is not the model that was registered: its hash is ${short(found)}, the record says ${short(expected)}`,
    );
}

function short(hash: string): string {
  return `${hash.slice(0, "sha256:".length + 12)}…`;
}

function parse(content: Uint8Array, file: string): ModelReference {
  try {
    return JSON.parse(Buffer.from(content).toString("utf8")) as ModelReference;
  } catch (cause) {
    throw new DamageError(file, `is not JSON: ${(cause as Error).message}`, { cause });
  }
}
