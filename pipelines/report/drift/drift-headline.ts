import { formatCount } from "../../statistics/format-number.ts";
import { costsNothing } from "../../watch/drift/cost.ts";
import type { DriftResult } from "../../watch/drift/drift-result.ts";
import type { ModelDrift } from "../../watch/drift/model-drift.ts";
import { driftingInARow } from "../../watch/drift/window-history.ts";
import { momentText, overlapWords } from "./reference-words.ts";

/** One sentence without an end: `flight-delay is drifting: predictions and 2 of 7 features, second week in a row`. Plain text. */
export function driftHeadline(drift: ModelDrift): string {
  const { model, version, outcome, result, rejected } = drift;
  const { current, least } = result.rows;
  if (outcome === "clean") return `${model} does not drift`;
  if (outcome === "drift" && costsNothing(drift))
    return `${model} moved, and it costs nothing: ${driftSubjects(result)}`;
  if (outcome === "drift") return [`${model} is drifting: ${driftSubjects(result)}`, ...streakWords(drift)].join(", ");
  if (outcome === "silent")
    return `${model} gets no rows any more: the last came before ${momentText(drift.silence?.since ?? drift.window.from)}`;
  if (overlapWords(drift) !== null)
    return `${model} is not checked for drift: v${version} was trained or tested on rows of the window`;
  if (current === 0 && rejected > 0)
    return `${model} cannot be checked for drift: none of the window's ${formatCount(rejected)} rows can be converted`;
  return current === 0
    ? `${model} cannot be checked for drift: the window has no rows`
    : `${model} has too few rows to check for drift: ${formatCount(current)} of at least ${formatCount(least)}`;
}

/** What drifts: `predictions, 2 of 7 features and rmse`. */
export function driftSubjects({ features, predictions, performance }: DriftResult): string {
  const drifting = features.filter(({ verdict }) => verdict === "drift").length;
  const subjects = [
    ...(predictions.some(({ verdict }) => verdict === "drift") ? ["predictions"] : []),
    ...(drifting > 0 ? [`${drifting} of ${features.length} feature${features.length === 1 ? "" : "s"}`] : []),
    ...(performance?.verdict === "drift" ? [performance.metric] : []),
  ];
  const last = subjects.pop() ?? "nothing";
  return subjects.length > 0 ? `${subjects.join(", ")} and ${last}` : last;
}

const ordinals = ["", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];

function streakWords({ history, every }: ModelDrift): string[] {
  const count = driftingInARow(history).length;
  const noun = windowNoun(every);
  if (count < 2) return [];
  const all = count === history.length && count === ordinals.length - 1;
  return [all ? `at least the eighth ${noun} in a row` : `${ordinals[count]} ${noun} in a row`];
}

function windowNoun(every: string): string {
  const nouns: Readonly<Record<string, string>> = {
    "7d": "week",
    "1w": "week",
    "1d": "day",
    "24h": "day",
    "1h": "hour",
  };
  return nouns[every] ?? "window";
}
