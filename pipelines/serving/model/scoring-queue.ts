import type { FeatureColumn } from "../../data/table.ts";
import type { ScoringModel } from "../../training/onnx/session.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { RowBatch, RowColumn } from "../served-model.ts";

/** Rows of requests that came together are scored together, up to so many: a call costs as much as some dozen rows of most models. */
export const mostTogether = 256;

interface Waiting {
  batch: RowBatch;
  resolve(predictions: Predictions): void;
  reject(error: unknown): void;
}

/**
 * Scores rows of many requests. Those that came in the same turn of the event loop become one batch: nobody waits for others to
 * come, so that a lone request loses nothing.
 */
export function openScoringQueue(model: Pick<ScoringModel, "predict">): (batch: RowBatch) => Promise<Predictions> {
  const score = async (group: readonly Waiting[]): Promise<void> => {
    const [first] = group;
    try {
      const predictions = await model.predict(featuresOf(group.map(({ batch }) => batch)));
      if (group.length === 1) first!.resolve(predictions);
      else handOut(predictions, group);
    } catch (error) {
      // Rows that the model cannot take must not fail those of others that happened to come with them.
      if (group.length === 1) first!.reject(error);
      else await Promise.all(group.map((each) => score([each])));
    }
  };
  let waiting: Waiting[] = [];
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; ) {
      let to = from + 1;
      let rows = all[from]!.batch.rows;
      while (to < all.length && rows + all[to]!.batch.rows <= mostTogether) rows += all[to++]!.batch.rows;
      void score(all.slice(from, to));
      from = to;
    }
  };
  return (batch) =>
    new Promise((resolve, reject) => {
      waiting.push({ batch, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    });
}

function handOut({ classes, values }: Predictions, group: readonly Waiting[]): void {
  const width = Math.max(1, classes.length);
  let at = 0;
  for (const { batch, resolve } of group) {
    const end = at + batch.rows * width;
    resolve({ rows: batch.rows, classes, values: values.subarray(at, end) });
    at = end;
  }
}

/** What the model takes: float32 numbers, and texts with their levels; those of different requests stay apart, as few as they are. */
export function featuresOf(batches: readonly RowBatch[]): FeatureColumn[] {
  const rows = batches.reduce((sum, each) => sum + each.rows, 0);
  return batches[0]!.columns.map((first, place) => {
    const columns = batches.map((batch) => batch.columns[place]!);
    if (first.kind === "category") return batches.length === 1 ? first : joinedTexts(columns as CategoryCells[], rows);
    const values = new Float32Array(rows);
    let at = 0;
    for (const column of columns as NumberCells[]) {
      values.set(column.values, at);
      at += column.values.length;
    }
    return { name: first.name, kind: first.kind, values };
  });
}

type CategoryCells = Extract<RowColumn, { kind: "category" }>;
type NumberCells = Exclude<RowColumn, CategoryCells>;

function joinedTexts(columns: readonly CategoryCells[], rows: number): CategoryCells {
  const { name, kind } = columns[0]!;
  const codes = new Int32Array(rows);
  const levels: string[] = [];
  let at = 0;
  for (const column of columns) {
    for (const code of column.codes) codes[at++] = code < 0 ? code : code + levels.length;
    levels.push(...column.levels);
  }
  return { name, kind, codes, levels };
}
