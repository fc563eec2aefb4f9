import { copyFile, lstat, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCandidate } from "../candidate/candidate-directory.ts";
import { sha256 } from "../config/canonical-json.ts";
import type { DatasetRef, DatasetStore } from "../data/dataset-store.ts";
import { differsFrom } from "../data/stores/check-content.ts";
import { UserError } from "../errors/expected-error.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { writeAside } from "../workspace/write-aside.ts";
import { givesCandidate, readOutcome, writeBundle } from "./training-outcome.ts";

/** Beside the bundle: the bytes of the model, and the rows that it learned from and is judged on. */
const names = { model: "model.onnx", train: "train.parquet", test: "test.parquet" } as const;

/**
 * Writes all that another job needs to judge and register a model's last training without running it again; returns false when it
 * was never trained here.
 */
export async function writeCandidateFiles(
  { root, store }: Pick<Workspace, "root" | "store">,
  model: string,
  folder: string,
): Promise<boolean> {
  if (!(await writeBundle(root, model, folder))) return false;
  const outcome = await readOutcome(root, model);
  if (!outcome || !givesCandidate(outcome)) return true;
  const { record, model: onnx } = await readCandidate(root, outcome.id, root);
  await mkdir(folder, { recursive: true });
  await writeAside(join(folder, names.model), onnx);
  for (const split of ["train", "test"] as const)
    await copyFile(await store.path(record[split].fingerprint), join(folder, names[split]));
  return true;
}

/** The model's bytes, once they are those of the record. */
export async function takeModel(folder: string, { model, config }: CandidateRecord): Promise<Uint8Array> {
  const file = await plainFile(folder, names.model, config.name);
  if (file.size !== model.size)
    throw notTaken(config.name, `${names.model} has ${file.size} bytes instead of ${model.size}`);
  const bytes = await readFile(file.path);
  if (sha256(bytes) !== model.sha256) throw notTaken(config.name, `${names.model} is not the model that was evaluated`);
  return bytes;
}

/** Puts the rows into the store, each split once its fingerprint, computed anew from its rows, is that of the record. */
export async function takeDatasets(
  store: DatasetStore,
  folder: string,
  { train, test, config }: CandidateRecord,
): Promise<void> {
  for (const [name, ref] of [
    [names.train, train],
    [names.test, test],
  ] as const) {
    const { path } = await plainFile(folder, name, config.name);
    await using staging = await store.staging();
    const copy = join(staging.path, name);
    await copyFile(path, copy);
    await putChecked(store, copy, ref, (wrong) =>
      notTaken(config.name, `${name} is not what was trained with: ${wrong}`),
    );
  }
}

async function putChecked(
  store: DatasetStore,
  copy: string,
  ref: DatasetRef,
  refuse: (wrong: string) => UserError,
): Promise<void> {
  const wrong = await differsFrom(ref, copy);
  if (wrong !== null) throw refuse(wrong);
  await store.putParquet(ref.fingerprint, ref, copy);
}

async function plainFile(folder: string, name: string, model: string): Promise<{ path: string; size: number }> {
  const path = join(folder, name);
  const facts = await lstat(path).catch(() => null);
  if (!facts?.isFile()) throw notTaken(model, `${name} is ${facts ? "not a plain file" : "missing"}`);
  return { path, size: facts.size };
}

/** What was handed over cannot be used. */
export function notTaken(model: string, why: string): UserError {
  const message = `what the training job handed over of ${model} is not taken: ${why}`;
  return new UserError({ message, hint: "run the workflow again from its first job" });
}
