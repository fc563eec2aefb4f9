import type { FeatureColumn } from "../../data/table.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { type ModelSignature, openModel, type ScoringModel } from "../../training/onnx/session.ts";
import { rowSignature } from "../rows/row-signature.ts";
import type { Placement, ServedModel } from "../served-model.ts";
import { openScoringQueue } from "./scoring-queue.ts";

/**
 * Loads a version whose bytes have been compared with its record, and scores rows with it before anybody asks. Throws Error
 * when it cannot be loaded, or cannot score.
 */
export async function loadModel(record: VersionRecord, bytes: Uint8Array, placement: Placement): Promise<ServedModel> {
  const { model: name, version, candidate } = record;
  const model = await openWarmModel(bytes, candidate);
  const facts = { name, version, record, signature: rowSignature(record), placement };
  return { ...facts, score: openScoringQueue(model), ...openUse(() => model.close()) };
}

/** Opens a model and scores rows with it: the first run of a session allocates what the later ones use again. */
export async function openWarmModel(bytes: Uint8Array, signature: ModelSignature): Promise<ScoringModel> {
  const { features, classes } = signature;
  const model = await openModel(bytes, { features, classes });
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
