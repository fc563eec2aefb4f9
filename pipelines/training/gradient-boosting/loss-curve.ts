import type { TrainingCurve } from "../trainer.ts";
import type { Loss } from "./losses/loss.ts";
import { OP } from "./shard.ts";
import type { Team } from "./team.ts";

/** The loss by round, on the rows that trees learn from and on those kept for validation; decides when to stop early. */
export class LossCurve {
  readonly #loss: Loss;
  readonly #lossScale: number;
  /** Rounds without improvement that end training; 0 for never. */
  readonly #patience: number;
  readonly #train: number[] = [];
  readonly #validation: number[] = [];
  #meanTrainLoss = Number.NaN;

  constructor(loss: Loss, lossScale: number, patience: number) {
    this.#loss = loss;
    this.#lossScale = lossScale;
    this.#patience = patience;
  }

  /** Adds the loss at the current scores; first before any tree. Gives the rows of both kinds. */
  async observe(team: Team): Promise<{ train: number; validation: number }> {
    await team.run(OP.observe);
    const [train, validation] = [team.result(0), team.result(1)];
    this.#meanTrainLoss = team.result(2) / this.#lossScale / train;
    this.#train.push(this.#loss.report(this.#meanTrainLoss));
    if (validation > 0) this.#validation.push(this.#loss.report(team.result(3) / this.#lossScale / validation));
    return { train, validation };
  }

  /** Mean loss of the training rows when last observed. */
  meanTrainLoss(): number {
    return this.#meanTrainLoss;
  }

  /** How many rounds to keep: those up to the best validation loss, or all without early stopping. */
  bestRounds(): number {
    if (this.#patience === 0) return this.#train.length - 1;
    return this.#validation.indexOf(Math.min(...this.#validation));
  }

  hasStopped(): boolean {
    return this.#patience > 0 && this.#validation.length - 1 - this.bestRounds() >= this.#patience;
  }

  /** E.g. `rmse 28.91`: of the validation rows where there are any. */
  latest(): string {
    const value = this.#validation.at(-1) ?? this.#train.at(-1)!;
    return `${this.#loss.metric} ${Number(value.toPrecision(4))}`;
  }

  curves(): TrainingCurve[] {
    const named = { train: this.#train, validation: this.#validation };
    return Object.entries(named).flatMap(([name, values]) => {
      if (values.length === 0) return [];
      return [{ metric: `${name} ${this.#loss.metric}`, steps: values.map((_, round) => round), values }];
    });
  }
}
