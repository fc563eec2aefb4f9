import type { Difference, Direction } from "../../evaluation/evaluation.ts";
import type { ChallengerPointer, VersionRecord } from "../../registry/version-record.ts";
import { formatCount, formatPercent } from "../../statistics/format-number.ts";
import type { StepCache } from "../../workspace/step-cache.ts";
import type { LabelledDifference, ModelTable, TableEntry } from "../serving-facts.ts";

/** Beyond this many standard errors the split is not what it should be: once in ten thousand trials by chance. */
const mostErrors = 3.89;

/** What is odd about a trial, in sentences: no rows, or a split that is not the one that was asked for. */
export function trialNotes(
  { mode, share }: Pick<ChallengerPointer, "mode" | "share">,
  { production, challenger }: { production: ArmFacts; challenger: ArmFacts },
): string[] {
  const notes: string[] = [];
  for (const arm of [production, challenger])
    if (arm.rows === 0)
      notes.push(
        `Nothing was logged of v${arm.version} since the trial began; a server writes its log within a minute.`,
      );
  const keys = production.keys + challenger.keys;
  if (mode !== "split" || share === null || keys === 0 || notes.length > 0) return notes;
  const [found, expected] = [challenger.keys / keys, Math.sqrt((share * (1 - share)) / keys)];
  if (Math.abs(found - share) > mostErrors * expected)
    notes.push(
      `The challenger got ${formatPercent(found)} of ${formatCount(keys)} keys, not ${formatPercent(share)}: requests get lost on one side, or the share was changed, and the comparison is biased.`,
    );
  return notes;
}

/** Where something lies among its values: of predictions, or of milliseconds. */
export interface ValueSpread {
  mean: number;
  sd: number;
  p5: number;
  p50: number;
  p95: number;
  p99: number;
}

/** What the prediction log has of one version. Plain JSON. */
export interface ArmFacts {
  version: number;
  rows: number;
  /** Rows that it could not answer. */
  failed: number;
  /** Different keys; 0 when the log has none. */
  keys: number;
  latency: ValueSpread | null;
  /** Of a regression's predictions; null for classes, and when there are none. */
  predictions: ValueSpread | null;
  /** The share of each predicted class, the most frequent first; empty for a regression. */
  labels: readonly { label: string; share: number }[];
  /** Rows whose label has arrived. */
  labelled: number;
}

/** What the two said of the same rows, which only a shadow has. */
export interface Agreement {
  rows: number;
  /** Of a regression, challenger less production; null for classes. */
  mean_difference: number | null;
  mean_absolute_difference: number | null;
  /** The share of rows with the same class; null for a regression. */
  same_label: number | null;
}

/** One metric of both, challenger less production. */
export interface ComparedMetric {
  metric: string;
  direction: Direction;
  production: number | null;
  challenger: number | null;
  difference: Difference | null;
  problem?: string;
}

/** What is known of a challenger. `better` and `worse` are beyond noise by the primary metric. */
export type ChallengerOutcome = "better" | "worse" | "undecided" | "too few labels" | "no labels";

/** Challenger and production on live data. Plain JSON. */
export interface ChallengerComparison {
  model: string;
  mode: "shadow" | "split";
  share: number | null;
  /** ISO, UTC: since when it is tried, and until when rows count. */
  since: string;
  until: string;
  by: string;
  production: ArmFacts;
  challenger: ArmFacts;
  agreement: Agreement | null;
  /** On the same rows, or each on its own. */
  paired: boolean;
  /** Rows that were judged: of both; of a paired comparison each has all of them. */
  judged: { production: number; challenger: number };
  /** The primary metric first; empty without enough labels. */
  metrics: readonly ComparedMetric[];
  outcome: ChallengerOutcome;
  /** Labelled rows, of each version, that it would take to tell, if the difference stays what it is; null when it is told already or nobody can say. */
  needed: number | null;
  /** Why no labels were looked for; null when they were. */
  label_problem: string | null;
  /** What is odd about the trial itself, in sentences. */
  notes: readonly string[];
}

/** The difference as the status page shows it; null until there is one. */
function shownDifference({ metrics: [primary], judged }: ChallengerComparison): LabelledDifference | null {
  if (!primary?.difference) return null;
  const { value, low, high } = primary.difference;
  return {
    metric: primary.metric,
    direction: primary.direction,
    difference: value,
    low,
    high,
    rows: judged.challenger,
  };
}

type Records = Record<"production" | "challenger", Pick<VersionRecord, "digest">>;

function keyOf({ production, challenger }: Records): { production: string; challenger: string } {
  return { production: production.digest, challenger: challenger.digest };
}

/** Keeps it for the status page, which must not compute it. Another version on either side begins without one. */
export function rememberComparison(cache: StepCache, of: Records, comparison: ChallengerComparison): Promise<void> {
  return cache.write("last-comparison", keyOf(of), { difference: shownDifference(comparison) });
}

/** What the last `mergeml compare` on this machine found of the two; null when it found no difference, or never looked. */
async function lastComparison(cache: StepCache, of: Records): Promise<LabelledDifference | null> {
  return (
    (await cache.read<{ difference: LabelledDifference | null }>("last-comparison", keyOf(of)))?.difference ?? null
  );
}

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
