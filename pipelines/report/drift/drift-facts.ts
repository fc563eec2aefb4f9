import { formatApart, formatCount, formatNumber, formatPercent } from "../../statistics/format-number.ts";
import { costsNothing } from "../../watch/drift/cost.ts";
import type { DriftResult, PerformanceDrift } from "../../watch/drift/drift-result.ts";
import { driftingInARow, type ModelDrift } from "../../watch/drift/model-drift.ts";
import type { MetricLevel } from "../../watch/profile/profile.ts";
import { momentText, olderText, overlapWords, referenceWords, type Safe, spanText } from "./moved-words.ts";

const sources = { query: "drift.query", log: "the prediction log", features: "the feature query, scored by" } as const;

/** Window and rows, and what they are compared with. */
export function windowSentence(drift: ModelDrift): string {
  const { window, result, source, version, since } = drift;
  const overlap = overlapWords(drift);
  if (overlap !== null) return `Window ${spanText(window)} ${overlap}.`;
  const from = source === "features" ? `${sources.features} v${version}` : sources[source];
  const rows = `${formatCount(result.rows.current)} rows of ${from}`;
  const drifting = since !== null && since !== window.from ? `Drifting since ${since.slice(0, 10)}.` : "";
  const sentence = `Window ${spanText(window)}, ${rows}, against ${referenceWords(drift)}.`;
  return [sentence, olderText(drift), drifting].filter(Boolean).join(" ");
}

/** Whether the drift costs accuracy: the verdict in a few words, and the numbers. `cost` is null when it is not known. */
export function accuracyWords(
  { result, labels, labelled, reference }: ModelDrift,
  safe: Safe,
): {
  cost: boolean | null;
  lead: string;
  rest: string;
} {
  const { performance } = result;
  const unknown = (rest: string) => ({
    cost: null,
    lead: "Whether it costs you accuracy is not known",
    rest: `${rest}${estimateWords(result, safe)}`,
  });
  if (!performance?.current) {
    const problem = performance?.problem ?? labels.problem;
    if (problem) return unknown(safe(problem));
    return unknown(reference.metric ? unlabelled(labels) : "the version's profile has no metric to compare with");
  }
  const when = labelled ? ` of ${spanText(labelled)}` : "";
  const numbers = levels(performance, performance.current, { safe, when });
  if (performance.verdict === "too few rows")
    return unknown(`${numbers}, and ${formatCount(result.rows.least)} labelled rows is the least`);
  if (performance.verdict === "too few labels")
    return unknown("too few of the labels have arrived, and those that come first may be of another kind");
  if (performance.verdict === "drift") return { cost: true, lead: "It costs you accuracy", rest: numbers };
  return { cost: false, lead: "It does not cost you accuracy", rest: `${numbers}${withinLimit(performance)}` };
}

/** `; estimated without labels, rmse would be 31 (29 … 33), 29.6 at deploy`. */
function estimateWords({ estimate }: DriftResult, safe: Safe): string {
  if (!estimate) return "";
  if ("unknown" in estimate) return `; nor can it be estimated, because ${safe(estimate.unknown)}`;
  const [value, before] = formatApart(estimate.value, estimate.reference);
  const interval = `${formatNumber(estimate.low)} … ${formatNumber(estimate.high)}`;
  return `; as an estimate without labels, ${safe(estimate.metric)} is ${value} (${interval}), ${before} at deploy`;
}

/** `rmse 33.9 (30.8 … 37.1) on 92,110 labelled rows, 29.6 at deploy`. */
function levels(
  { metric, reference }: PerformanceDrift,
  current: MetricLevel,
  { safe, when }: { safe: Safe; when: string },
): string {
  const [value, before] = formatApart(current.value, reference.value);
  const interval = `${formatNumber(current.low)} … ${formatNumber(current.high)}`;
  return `${safe(metric)} ${value} (${interval}) on ${formatCount(current.rows)} labelled rows${when}, ${before} at deploy`;
}

function withinLimit({ worse, limit, significant }: PerformanceDrift): string {
  if (!significant || worse === null || worse <= 0) return "";
  return `, ${formatPercent(worse, 2)} worse, which is less than the ${formatPercent(limit)} that matter`;
}

function unlabelled({ late, missing, duplicated }: ModelDrift["labels"]): string {
  const why = [
    late > 0 ? `${formatCount(late)} rows are younger than drift.label_delay` : "",
    missing > 0 ? `${formatCount(missing)} rows have no outcome yet` : "",
    duplicated > 0 ? `${formatCount(duplicated)} rows have outcomes that contradict each other` : "",
  ].filter(Boolean);
  return why.length > 0 ? why.join(", ") : "no outcome is known";
}

/** What else a reader must know of the window's rows; each a sentence. */
export function windowNotes(drift: ModelDrift, safe: Safe): string[] {
  const { result, rejected, log, labels, unread } = drift;
  const { added, unwatched, assumed = [] } = result;
  const skipped = log?.skipped ?? [];
  const names = added.slice(0, 10).map(safe).join(", ");
  return [
    added.length > 0 ? `New columns that the model does not know: ${names}${added.length > 10 ? ", …" : ""}.` : "",
    rejected > 0 ? `${formatCount(rejected)} rows have a value that cannot be converted and were left out.` : "",
    skipped.length > 0 ? `${unreadable(skipped.length)}, first ${skippedWords(skipped[0]!, safe)}.` : "",
    log && log.otherVersions > 0
      ? `${formatCount(log.otherVersions)} more logged rows are of other versions, which are not looked at.`
      : "",
    log?.redacted?.length
      ? `Not compared, since the prediction log has them redacted: ${log.redacted.slice(0, 10).map(safe).join(", ")}${log.redacted.length > 10 ? ", …" : ""}.`
      : "",
    labels.duplicated > 0
      ? `${formatCount(labels.duplicated)} rows have outcomes that contradict each other; none of them counts.`
      : "",
    unread.length > 0 ? `${unusable(unread.length)}, first ${spanText(unread[0]!)}: ${safe(unread[0]!.reason)}.` : "",
    awaitedWords(drift),
    result.features.some(({ past }) => past?.inSeason)
      ? "Columns are compared with the same season of the reference."
      : "",
    ...assumed.map((each) => `${safe(each)}.`),
    unwatched > 0 ? `${formatCount(unwatched)} less important features are not watched.` : "",
  ].filter(Boolean);
}

function awaitedWords({ awaited, labelled }: ModelDrift): string {
  if (!awaited) return "";
  const { share, needed } = awaited;
  const arrived = `${formatPercent(share, 2)} of the window's labels have arrived, and a metric is judged from ${formatPercent(needed, 2)} on (drift.label_share)`;
  return labelled === null ? `${arrived}.` : `${arrived}: it is that of ${spanText(labelled)}.`;
}

function unusable(windows: number): string {
  return windows === 1 ? "An earlier window cannot be read" : `${formatCount(windows)} earlier windows cannot be read`;
}

function unreadable(files: number): string {
  return files === 1
    ? "A file of the prediction log could not be read"
    : `${formatCount(files)} files of the prediction log could not be read`;
}

function skippedWords({ file, reason }: { file: string; reason: string }, safe: Safe): string {
  return `${safe(file)}: ${safe(reason)}`;
}

/** How the verdict came about: limits of the share, and what decides. */
export function ruleSentence({ share, method, alpha, features }: DriftResult): string {
  return method === "evidently"
    ? `By Evidently's default tests, each column for itself at ${alpha}: ${formatPercent(share.drifting, 2)} of the columns drift, and ${formatPercent(share.limit, 2)} make the model drift.`
    : `A column drifts when its distance reaches the limit and is significant at ${alpha}${pastWords(features)}, all columns considered together. The drifting features' weights (importance, as a share of the most important feature's) sum up to ${formatNumber(share.drifting, 2)}; from ${formatNumber(share.limit, 2)} on the model drifts.`;
}

/** `, against what 11 windows of the reference did`. */
function pastWords(features: DriftResult["features"]): string {
  const windows = Math.max(0, ...features.map(({ past }) => past?.windows ?? 0));
  return windows > 0 ? `, against what ${formatCount(windows)} windows of the reference did` : "";
}

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
