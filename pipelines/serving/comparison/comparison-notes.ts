import type { StepCache } from "../../workspace/step-cache.ts";
import type { ModelTable, TableEntry } from "../model-table.ts";
import type { LabelledDifference } from "../serving-facts.ts";
import { lastComparison } from "./last-comparison.ts";

/** What the last `mergeml compare` found where the server runs, without looking at any row. */
export interface ComparisonNotes extends Disposable {
  of(entry: Pick<TableEntry, "name">): LabelledDifference | null;
}

/** Milliseconds between two looks. */
const lookEvery = 20_000;

/** Looks now and then for all models that answer; `cache` is the repository's, null when the server has none. */
export function openComparisonNotes(
  cache: StepCache | null,
  table: Pick<ModelTable, "all">,
  every = lookEvery,
): ComparisonNotes {
  const found = new Map<string, LabelledDifference | null>();
  const look = async () => {
    for (const { name, pair } of table.all()) {
      const { production, challenger } = pair ?? {};
      const records = production &&
        challenger && { production: production.record, challenger: challenger.model.record };
      found.set(name, cache && records ? await lastComparison(cache, records) : null);
    }
  };
  // Nothing depends on it: what cannot be read now is read the next time.
  const timer = cache ? setInterval(() => void look().catch(() => {}), every).unref() : null;
  return {
    of: ({ name }) => found.get(name) ?? null,
    [Symbol.dispose]() {
      if (timer) clearInterval(timer);
    },
  };
}
