import type { FeatureColumn, FeatureSpec } from "../../data/table.ts";
import type { EnsembleColumn, Ensembles } from "./ensembles.ts";
import { orderedColumns } from "./feeds.ts";
import type { ForestScorer } from "./forest-scorer.ts";
import {
  loadRuntime,
  type ModelSignature,
  mostRewritten,
  openLevelModel,
  openOnnxSession,
  rowCount,
  runBatches,
  type ScoringModel,
} from "./session.ts";

/** Rows that ONNX Runtime scores in the time it takes to read a forest and compare it. */
const FEW_ROWS = 30_000;

/**
 * `openLevelModel` for many rows: from some on, the trees of a gradient boosting are walked without ONNX Runtime, in a third of
 * its time, when both say the same, bit by bit, of rows made for it. What follows their sum is ONNX Runtime's in any case.
 */
export async function openForestModel(bytes: Uint8Array, signature: ModelSignature): Promise<ScoringModel> {
  const model = await openLevelModel(bytes, signature);
  if (bytes.byteLength > mostRewritten) return model;
  let opening: Promise<void> | undefined;
  let own: ScoringModel | null = null;
  let rows = 0;
  return {
    async predict(features) {
      const asked = features[0] ? rowCount(features.slice(0, 1)) : 0;
      rows += asked;
      if (rows > FEW_ROWS)
        opening ??= openSame(bytes, signature, model).then(
          (opened) => void (own = opened),
          () => undefined, // there may be no memory for it
        );
      if (asked > FEW_ROWS) await opening;
      return (own ?? model).predict(features);
    },
    async close() {
      await opening;
      await own?.close();
      await model.close();
    },
  };
}

/** null for a model that is no forest, and where what it says differs. */
async function openSame(
  bytes: Uint8Array,
  signature: ModelSignature,
  model: ScoringModel,
): Promise<ScoringModel | null> {
  const { readEnsembles } = await import("./ensembles.ts"); // few servers and runs have so many rows
  const ensembles = readEnsembles(bytes);
  const own = ensembles && (await openOwn(ensembles, signature));
  if (!own || (await saySame(model, own, probe(ensembles, signature.features)))) return own;
  await own.close();
  return null;
}

/** Opens a model for as long as `use` takes, and frees it whatever happens. */
export async function withForestModel<T>(
  bytes: Uint8Array,
  signature: ModelSignature,
  use: (opened: ScoringModel) => Promise<T>,
): Promise<T> {
  const opened = await openForestModel(bytes, signature);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** null when there is more in the model than its forest and what follows it. */
async function openOwn(ensembles: Ensembles, signature: ModelSignature): Promise<ScoringModel | null> {
  const { openForest } = await import("./forest-scorer.ts");
  const forest = openForest(ensembles);
  const isAlone = ensembles.isSum && signature.classes.length === 0 && ensembles.base.length === 1;
  if (forest !== null && isAlone) return openSums(forest, signature);
  const [runtime, head] = [await loadRuntime(), await openOnnxSession(ensembles.head).catch(() => null)];
  if (forest === null || head === null) {
    await head?.release();
    return null;
  }
  const { headInput, base } = ensembles;
  return {
    predict(features) {
      const columns = orderedColumns(features, signature.features);
      const sums = forest.sums(columns);
      return runBatches(head, signature, rowCount(columns), (start, count) => {
        const data = sums.subarray(start * base.length, (start + count) * base.length);
        return { [headInput]: new runtime.Tensor("float32", data, [count, base.length]) };
      });
    },
    close: () => head.release(),
  };
}

/** Of a regression whose prediction is the sum. */
function openSums(forest: ForestScorer, { features: wanted, classes }: ModelSignature): ScoringModel {
  return {
    async predict(features) {
      const columns = orderedColumns(features, wanted);
      return { rows: rowCount(columns), classes, values: forest.sums(columns) };
    },
    close: async () => undefined,
  };
}

const PROBE_ROWS = 1000;

/** Rows of thresholds, what is beside them, missing and unseen values, in every mixture. */
function probe({ columns, parts }: Ensembles, features: readonly FeatureSpec[]): FeatureColumn[] {
  return features.map(({ name, kind }, feature): FeatureColumn => {
    if (kind === "category") {
      const levels = [...new Set([...levelsOf(columns, name), "", "never seen in training"])];
      return { name, kind, levels, codes: places(feature, levels.length) };
    }
    const at = columns.findIndex(({ input }) => input === name);
    const values = numbersOf(parts, at);
    return { name, kind, values: Float32Array.from(places(feature, values.length), (place) => values[place]!) };
  });
}

/** Spread by Knuth's multiplicative hash, each column otherwise. */
function places(column: number, most: number): Int32Array {
  const spread = (row: number) => Math.imul(row + column * PROBE_ROWS, 2654435761) >>> 0;
  return Int32Array.from({ length: PROBE_ROWS }, (_, row) => Math.floor((spread(row) / 2 ** 32) * most));
}

function levelsOf(columns: readonly EnsembleColumn[], name: string): readonly string[] {
  return columns.find(({ input }) => input === name)?.categories?.levels ?? [];
}

function numbersOf(parts: Ensembles["parts"], at: number): number[] {
  const thresholds = new Set<number>();
  for (const { column, threshold } of parts.flat())
    for (const [node, own] of column.entries()) if (own === at) thresholds.add(threshold[node]!);
  const near = [...thresholds].flatMap((each) => [each, each * (1 - 2 ** -23), each * (1 + 2 ** -23)]);
  return [...near, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
}

async function saySame(one: ScoringModel, other: ScoringModel, rows: readonly FeatureColumn[]): Promise<boolean> {
  const [a, b] = await Promise.all([one.predict(rows), other.predict(rows)]);
  return Buffer.from(a.values.buffer).equals(Buffer.from(b.values.buffer));
}
