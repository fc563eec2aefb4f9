import { intervalAfterSpending } from "../../../pipelines/gate/primary-check.ts";
import { drawFrom, type ErrorRate, wrongBy } from "./errors.ts";
import { differenceOf, planOf } from "./intervals.ts";

/**
 * Projects that try `tries` candidates, each as good as production, on the same 100 test rows in mode superior: how many pass
 * one, when the interval knows of the tries before and when it does not.
 */
export function equalTries(tries: number, projects: number): { knowing: ErrorRate; unknowing: ErrorRate } {
  const rows = 100;
  const plan = planOf(rows);
  const passed = { knowing: 0, unknowing: 0 };
  for (let seed = 1; seed <= projects; seed++) {
    const draw = drawFrom(seed);
    const production = wrongBy(rows, draw.normal);
    const found = { knowing: false, unknowing: false };
    for (let before = 0; before < tries; before++) {
      const difference = differenceOf("rmse", [wrongBy(rows, draw.normal), production], { plan });
      found.unknowing ||= difference.high < 0;
      found.knowing ||= intervalAfterSpending(difference, before).high < 0;
    }
    if (found.knowing) passed.knowing += 1;
    if (found.unknowing) passed.unknowing += 1;
  }
  return {
    knowing: { hits: passed.knowing, of: projects },
    unknowing: { hits: passed.unknowing, of: projects },
  };
}
