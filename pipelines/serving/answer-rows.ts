import type { Predictions } from "../training/trainer.ts";
import { rowsFor } from "./challenge/rows-for.ts";
import type { AnsweredRequest, Arm, Router, RowBatch, ServedModel, ServedPair } from "./served-model.ts";

/** When a request came: milliseconds since 1970 for the log, and of a steady clock for how long it took. */
export interface Arrival {
  time: number;
  steady: number;
}

/** What came of the rows of a request. */
export interface RowsAnswer {
  predictions: Predictions;
  /** Of production, or of the version that was asked by its number. */
  version: number;
  /** Row by row, when different versions answered. */
  versions?: readonly number[];
  /** For the log, once the answer was sent. */
  answered: readonly AnsweredRequest[];
}

/** Production failed, and there is nobody else to ask. */
export class ScoringError extends Error {
  readonly answered: readonly AnsweredRequest[];

  constructor(message: string, answered: readonly AnsweredRequest[], options: ErrorOptions) {
    super(message, options);
    this.name = "ScoringError";
    this.answered = answered;
  }
}

/**
 * Asks the versions that the router says. A challenger that fails is answered for by production, so that nobody but the log
 * notices. Throws ScoringError when production fails.
 */
export async function answerRows(
  { production, challenger }: ServedPair,
  batch: RowBatch,
  { router, arrival }: { router: Router; arrival: Arrival },
): Promise<RowsAnswer> {
  const share = challenger?.share ?? null;
  const arms = share === null ? [] : armsOf(batch, (key) => router.isChallengers(production.name, share, key));
  if (challenger === null || !arms.includes(true)) return answerAlone(production, "production", batch, arrival);
  const theirs = arms.flatMap((isTheirs, row) => (isTheirs ? [row] : []));
  const asked = theirs.length === batch.rows ? batch : pickRows(batch, theirs);
  const answer = await answerAlone(challenger.model, "challenger", asked, arrival).catch((error: unknown) => {
    if (error instanceof ScoringError) return error;
    throw error;
  });
  if (answer instanceof ScoringError) {
    const instead = await answerAlone(production, "production", batch, arrival);
    return { ...instead, answered: [...answer.answered, ...instead.answered] };
  }
  if (asked === batch) return answer;
  const ours = arms.flatMap((isTheirs, row) => (isTheirs ? [] : [row]));
  const rest = await answerAlone(production, "production", pickRows(batch, ours), arrival);
  return {
    predictions: joined(batch.rows, [answer.predictions, rest.predictions], [theirs, ours]),
    version: production.version,
    versions: arms.map((isTheirs) => (isTheirs ? challenger.model : production).version),
    answered: [...answer.answered, ...rest.answered],
  };
}

function armsOf({ rows, keys }: RowBatch, isChallengers: (key: string | null) => boolean): boolean[] {
  if (keys !== null) return keys.map(isChallengers);
  // Without keys the rows of a request stay together.
  return new Array<boolean>(rows).fill(isChallengers(null));
}

/** One version answers all rows. Throws ScoringError when it fails. */
async function answerAlone(
  model: ServedModel,
  arm: Arm,
  batch: RowBatch,
  { time, steady }: Arrival,
): Promise<RowsAnswer> {
  let own = batch;
  const told = (predictions: Predictions | null, error: string | null): AnsweredRequest => {
    return { model, arm, time, latency_ms: performance.now() - steady, batch: own, predictions, error };
  };
  try {
    own = rowsFor(model, batch); // a challenger may have its features in another order
    const predictions = await model.score(own);
    return { predictions, version: model.version, answered: [told(predictions, null)] };
  } catch (cause) {
    const message = `${model.name}@${model.version} cannot score these rows: ${(cause as Error).message}`;
    throw new ScoringError(message, [told(null, message)], { cause });
  }
}

function pickRows({ columns, keys }: RowBatch, rows: readonly number[]): RowBatch {
  return {
    rows: rows.length,
    columns: columns.map((column) =>
      column.kind === "category"
        ? { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) }
        : { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) },
    ),
    keys: keys && rows.map((row) => keys[row]!),
  };
}

/** Puts the rows of two versions back in their order. */
function joined(rows: number, parts: readonly Predictions[], places: readonly (readonly number[])[]): Predictions {
  const classes = parts[1]!.classes;
  const width = Math.max(1, classes.length);
  const values = new Float32Array(rows * width);
  for (const [at, part] of parts.entries())
    for (const [from, row] of places[at]!.entries())
      values.set(part.values.subarray(from * width, (from + 1) * width), row * width);
  return { rows, classes, values };
}
