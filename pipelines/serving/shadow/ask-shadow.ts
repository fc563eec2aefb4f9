import { rowsFor } from "../challenge/rows-for.ts";
import type { AnsweredRequest, ServedModel, ServedPair } from "../served-model.ts";

/** Rows that a shadow may have before it; what comes beyond is not copied, so that a slow one takes no memory, nor another's turn. */
const mostRows = 20_000;

/** Gives shadows their copies of what was answered. */
export interface Shadowing {
  /** Returns at once, and never throws. */
  ask(pair: ServedPair, answered: AnsweredRequest): void;
  /** Rows that were not copied because the shadow was behind. */
  skipped(): number;
  /** Waits for what was asked. */
  settle(): Promise<void>;
}

/** `tell` gets what a shadow said, or why it failed. */
export function openShadowing(tell: (answered: AnsweredRequest) => void): Shadowing {
  const waiting = new Map<ServedModel, number>();
  let skipped = 0;
  const asked = new Set<Promise<void>>();
  return {
    skipped: () => skipped,
    settle: async () => void (await Promise.all(asked)),
    ask({ challenger }, answered) {
      if (challenger === null || challenger.share !== null) return;
      const { model } = challenger;
      const { batch } = answered;
      const rows = waiting.get(model) ?? 0;
      if (rows > 0 && rows + batch.rows > mostRows) {
        skipped += batch.rows;
        return;
      }
      const started = performance.now();
      waiting.set(model, rows + batch.rows);
      model.hold();
      let own = batch;
      const score = async () => {
        own = rowsFor(model, batch);
        return model.score(own);
      };
      const said = (predictions: AnsweredRequest["predictions"], error: string | null) => {
        const latency_ms = performance.now() - started;
        tell({ ...answered, model, arm: "shadow", latency_ms, batch: own, predictions, error });
      };
      const done: Promise<void> = score()
        .then(
          (predictions) => said(predictions, null),
          (error: unknown) => said(null, error instanceof Error ? error.message : String(error)),
        )
        .finally(() => {
          const left = (waiting.get(model) ?? 0) - batch.rows;
          if (left > 0) waiting.set(model, left);
          else waiting.delete(model);
          model.letGo();
          asked.delete(done);
        });
      asked.add(done);
    },
  };
}
