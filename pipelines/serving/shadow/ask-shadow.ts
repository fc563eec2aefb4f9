import type { AnsweredRequest } from "../answered-request.ts";
import type { ServedPair } from "../router.ts";

/** Rows that shadows may have before them; what comes beyond is not copied, so that a slow one takes no memory. */
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
  let [rows, skipped] = [0, 0];
  const asked = new Set<Promise<void>>();
  return {
    skipped: () => skipped,
    settle: async () => void (await Promise.all(asked)),
    ask({ challenger }, answered) {
      if (challenger === null || challenger.share !== null) return;
      const { model } = challenger;
      const { batch } = answered;
      if (rows + batch.rows > mostRows) {
        skipped += batch.rows;
        return;
      }
      const started = performance.now();
      rows += batch.rows;
      model.hold();
      const said = (predictions: AnsweredRequest["predictions"], error: string | null) => {
        const latency_ms = performance.now() - started;
        tell({ ...answered, model, arm: "shadow", latency_ms, predictions, error });
      };
      const done = model
        .score(batch)
        .then(
          (predictions) => said(predictions, null),
          (error: unknown) => said(null, error instanceof Error ? error.message : String(error)),
        )
        .finally(() => {
          rows -= batch.rows;
          model.letGo();
          asked.delete(done);
        });
      asked.add(done);
    },
  };
}
