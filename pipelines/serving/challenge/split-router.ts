import type { Router } from "../served-model.ts";
import { spread } from "./spread.ts";

/**
 * Deals rows out between production and challenger. A key is always dealt to the same one, on every server and after every restart,
 * and stays the challenger's when its share grows; which keys are the challenger's differs from model to model. A row without a
 * key is dealt anew each time. `random` gives 0 ≤ x < 1.
 */
export function splitRouter(random: () => number): Router {
  return {
    isChallengers: (model, share, key) => (key === null ? random() : spread(`${model}\0${key}`)) < share,
  };
}
