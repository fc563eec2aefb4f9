import { setImmediate } from "node:timers/promises";
import type { FeatureColumn } from "../../data/table.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { openForestModel } from "../../training/onnx/forest-model.ts";
import { type ModelSignature, mostRewritten, openLevelModel, type ScoringModel } from "../../training/onnx/session.ts";
import { type Placement, rowSignature, type ServedModel } from "../served-model.ts";
import type { ScoringThreads } from "../threads/scoring-threads.ts";
import { featuresOf, mostTogether, openScoringQueue } from "./scoring-queue.ts";

/** Bytes of a model beyond which threads do not load it once more: its rows are scored by the thread that answers. */
const mostBeside = 256 * 2 ** 20;

/** Bytes of a model beyond which its trees are not walked by the thread that answers: reading them would keep all others waiting. */
const mostWalked = 256 * 2 ** 10;

/**
 * Loads a version whose bytes have been compared with its record, and scores rows with it before anybody asks. Batches that are
 * larger than what is scored together go to threads. Throws Error when it cannot be loaded, or cannot score.
 */
export async function loadModel(
  record: VersionRecord,
  bytes: Uint8Array,
  placement: Placement,
  threads: ScoringThreads,
): Promise<ServedModel> {
  const { model: name, version, candidate } = record;
  const { features, classes } = candidate;
  const served = { name, version, record, signature: rowSignature(record), placement };
  if (bytes.byteLength > mostRewritten && bytes.byteLength <= mostBeside)
    return { ...served, ...(await loadBeside(bytes, { features, classes }, threads)) };
  const model = await openWarmModel(bytes, candidate, bytes.byteLength > mostWalked ? openLevelModel : openForestModel);
  const beside = bytes.byteLength > mostBeside ? null : threads.model(bytes, { features, classes });
  beside?.prepare();
  const score = openScoringQueue(model);
  return {
    ...served,
    score: (batch) => (batch.rows > mostTogether && beside ? beside.score(featuresOf([batch])) : score(batch)),
    ...openUse(async () => {
      beside?.close();
      await model.close();
    }),
  };
}

/**
 * Of a large model threads alone have a session: ONNX Runtime makes one in the thread that asks, and nobody would be answered
 * meanwhile, nor while it scores a row.
 */
async function loadBeside(bytes: Uint8Array, signature: ModelSignature, threads: ScoringThreads) {
  const beside = threads.model(await shared(bytes), signature);
  try {
    for (const rows of [1, 32]) await beside.score(emptyRows(signature.features, rows));
  } catch (error) {
    beside.close();
    throw error;
  }
  return {
    score: openScoringQueue({ predict: (columns) => beside.score(columns) }),
    ...openUse(async () => beside.close()),
  };
}

/** Bytes that threads read where they are, copied piece by piece between answers. */
async function shared(bytes: Uint8Array): Promise<Uint8Array> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    copy.set(bytes.subarray(at, at + pieceBytes), at);
    await setImmediate();
  }
  return copy;
}

/** About a millisecond's work. */
const pieceBytes = 4 * 2 ** 20;

/** Opens a model and scores rows with it: the first run of a session allocates what the later ones use again. */
export async function openWarmModel(
  bytes: Uint8Array,
  { features, classes }: ModelSignature,
  open: typeof openLevelModel = openForestModel,
): Promise<ScoringModel> {
  const model = await open(bytes, { features, classes });
  try {
    for (const rows of [1, 32]) await model.predict(emptyRows(features, rows));
    return model;
  } catch (error) {
    await model.close();
    throw error;
  }
}

function emptyRows(features: ModelSignature["features"], rows: number): FeatureColumn[] {
  return features.map(({ name, kind }) => {
    if (kind === "category") return { name, kind, codes: new Int32Array(rows), levels: [""] };
    return { name, kind, values: new Float32Array(rows) };
  });
}

/** Counts who holds something, and frees it when it is retired and nobody does. */
export function openUse(free: () => Promise<void>): Pick<ServedModel, "hold" | "letGo" | "retire"> {
  let holders = 0;
  const retired = Promise.withResolvers<void>();
  let [isRetired, isFreed] = [false, false];
  const freeWhenUnused = () => {
    if (!isRetired || isFreed || holders > 0) return;
    isFreed = true;
    free().then(retired.resolve, retired.reject);
  };
  return {
    hold() {
      holders += 1;
    },
    letGo() {
      holders -= 1;
      freeWhenUnused();
    },
    retire() {
      if (!isRetired) {
        isRetired = true;
        freeWhenUnused();
      }
      return retired.promise;
    },
  };
}
