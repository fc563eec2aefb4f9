import type { Session } from "../data/engines/session.ts";
import { openScores } from "../data/scores-table.ts";
import type { ScoringModel } from "../training/onnx/session.ts";
import { featureBatches } from "./feature-batches.ts";
import type { RowPlan } from "./prepare-rows.ts";

/**
 * Scores prepared rows into the table `scores` of `writer`, in the order of the file, and gives their number. `reader` is
 * another session, because a stream and an appender cannot share a connection.
 */
export async function scoreRows(
  reader: Session,
  writer: Session,
  file: string,
  { features }: Pick<RowPlan, "features">,
  model: ScoringModel,
  width: number,
): Promise<number> {
  const scores = await openScores(writer, width);
  let rows = 0;
  try {
    for await (const batch of featureBatches(reader, file, features)) {
      const predictions = await model.predict(batch);
      scores.append(predictions.values);
      rows += predictions.rows;
    }
  } finally {
    scores.close();
  }
  return rows;
}
