import type { Snapshot } from "../registry/snapshot.ts";
import type { Placement, ServedModel } from "./served-model.ts";

/** A second version of a model, beside production. */
export interface ServedChallenger {
  model: ServedModel;
  /** The share of keys it answers, 0 to 1; null: it gets a copy of the rows and answers nobody. */
  share: number | null;
}

/** What a model's name stands for at one moment. */
export interface ServedPair {
  production: ServedModel;
  challenger: ServedChallenger | null;
}

/** Decides which version answers a row. */
export interface Router {
  /** Whether the challenger answers the row with this key; production answers otherwise. Called row by row, when there is a share. */
  isChallengers(model: string, share: number, key: string | null): boolean;
}

/** Which version the registry names as a model's challenger (`challenger.json`), and with what share; null for a shadow. */
interface ChallengerChoice extends Placement {
  version: number;
  share: number | null;
}

/** Reads it at one commit of the registry; null when the model has none. Throws UserError for a damaged one. */
export type ReadChallenger = (snapshot: Snapshot, model: string) => Promise<ChallengerChoice | null>;
