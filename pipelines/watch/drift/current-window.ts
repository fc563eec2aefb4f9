import type { Distribution } from "../profile/distribution.ts";

/** A window of live data, counted on a profile's edges and categories. */
export interface CurrentWindow {
  rows: number;
  /** In the order of the profile's features. */
  features: readonly WindowColumn[];
  /** In the order of the profile's predictions. */
  predictions: readonly WindowColumn[];
  /** Columns that are neither the model's nor the log's own. */
  added: readonly string[];
}

/** A column of the profile as the window has it; `type` is the engine's word for what it found instead. */
export type WindowColumn =
  | { state: "counted"; distribution: Distribution }
  | { state: "vanished" }
  | { state: "type changed"; type: string };
