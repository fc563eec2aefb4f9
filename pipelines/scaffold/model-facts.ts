import { countOf, formatCount } from "../statistics/format-number.ts";
import type { FirstModel } from "./draft-model.ts";
import type { InferredModel } from "./infer-model.ts";

/** What was taken for what and why, as pairs of a heading and a sentence. */
export function describeFirstModel({ inferred, table, threshold, naive, problems }: FirstModel): [string, string][] {
  const { key, time, features, left_out } = inferred;
  return [
    [
      "read",
      [`${inferred.file}: ${countOf(table.rows, "row")} × ${countOf(table.columns, "column")}`, ...table.notes].join(
        "; ",
      ),
    ],
    ["target", targetSentence(inferred)],
    ["task", taskSentence(inferred, threshold.primary)],
    ...(key === null ? [] : [["key", `${key.name}: every row has its own`] as [string, string]]),
    ...(time === null ? [] : [["time", `${time.name}: it orders the rows`] as [string, string]]),
    ["features", shortList(features.map(({ name }) => name))],
    ...(left_out.length === 0
      ? []
      : [
          [
            "left out",
            shortList(
              left_out.map(({ name, why }) => `${name} (${why})`),
              "; ",
            ),
          ] as [string, string],
        ]),
    ["split", splitSentence(inferred)],
    ["threshold", thresholdSentence(threshold, naive)],
    ...problems.map(({ message, hint }) => ["problem", hint ? `${message}: ${hint}` : message] as [string, string]),
  ];
}

function targetSentence({ target, classes, target_because, missing_targets }: InferredModel): string {
  const what =
    classes === null ? target.name : `${target.name} (${countOf(classes, "class").replace(/classs$/, "classes")})`;
  const why = target_because === null ? "" : `, because you named none and ${target_because}: --target`;
  const missing =
    missing_targets === 0
      ? ""
      : `; ${countOf(missing_targets, "row")} without it ${missing_targets === 1 ? "is" : "are"} left out by the query's WHERE`;
  return what + why + missing;
}

function taskSentence({ task, classes, rows }: InferredModel, primary: string): string {
  const judged = `${task}, judged by ${primary}`;
  if (classes === null || classes <= 50) return judged;
  return `${judged}; ${formatCount(classes)} classes of ${countOf(rows, "row")} are many: group the rare ones in features.sql`;
}

function splitSentence({ key, time }: InferredModel): string {
  if (time !== null) return `by ${time.name}, the latest 20% test; by: key would be a hash`;
  if (key !== null) return `by a hash of ${key.name}, 20% test`;
  return "by a hash of the row, 20% test; no column identifies a row: make it features.key when you have one";
}

function thresholdSentence({ metric, bound, value }: FirstModel["threshold"], naive: number | null): string {
  const limit = `${metric} ${bound === "max" ? "≤" : "≥"} ${value}`;
  return `${limit}${naive === null ? "" : ", naive's own score"}: put your business threshold here`;
}

const most = 12;

function shortList(names: readonly string[], separator = ", "): string {
  const more = names.length > most ? `${separator}and ${formatCount(names.length - most)} more` : "";
  return names.slice(0, most).join(separator) + more;
}
