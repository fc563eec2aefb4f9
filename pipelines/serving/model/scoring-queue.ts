import type { FeatureColumn } from "../../data/table.ts";
import type { ScoringModel } from "../../training/onnx/session.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { RowBatch, RowColumn } from "../row-batch.ts";

/** Rows of requests that came together are scored together, up to so many: a call costs as much as some dozen rows of most models. */
const mostTogether = 256;

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
  const counting = openCounting();
  const score = async (group: readonly Waiting[]): Promise<void> => {
    const [first] = group;
    try {
      const predictions = await model.predict(featuresOf(group, counting));
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

/** What the model takes: float32 numbers, and texts where a missing category is the empty one. */
function featuresOf(group: readonly Waiting[], counting: (rows: number) => Int32Array): FeatureColumn[] {
  const batches = group.map(({ batch }) => batch);
  const rows = batches.reduce((sum, each) => sum + each.rows, 0);
  return batches[0]!.columns.map(({ name, kind }, place) => {
    if (kind === "category") {
      const levels: string[] = [];
      for (const { columns } of batches)
        for (const text of (columns[place] as CategoryCells).values) levels.push(text ?? "");
      return { name, kind, levels, codes: counting(rows) };
    }
    const values = new Float32Array(rows);
    let at = 0;
    for (const { columns, rows: own } of batches) {
      values.set((columns[place] as NumberCells).values, at);
      at += own;
    }
    return { name, kind, values };
  });
}

type CategoryCells = Extract<RowColumn, { kind: "category" }>;
type NumberCells = Exclude<RowColumn, CategoryCells>;

/** 0, 1, 2 …: each row's text is a level of its own, which saves looking for equal ones. */
function openCounting(): (rows: number) => Int32Array {
  let longest = Int32Array.from({ length: mostTogether }, (_, at) => at);
  return (rows) => {
    if (longest.length < rows) longest = Int32Array.from({ length: rows }, (_, at) => at);
    return longest.subarray(0, rows);
  };
}
