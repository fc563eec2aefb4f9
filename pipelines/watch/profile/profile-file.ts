import { UserError } from "../../errors/expected-error.ts";
import type { CategoryDistribution, Distribution, NumericDistribution } from "./distribution.ts";
import { type PastLine, parsePastLine, pastLine, type ReferencePast } from "./past/past.ts";
import type { FeatureProfile, Profile } from "./profile.ts";

/** Its name among a version's files. */
export const profileFile = "profile.json";

/** One column on one line, without what the reader can tell from the rest: a profile must stay small with thousands of columns. */
type NumberLine = [
  name: string,
  kind: "numeric",
  rows: number,
  missing: number,
  infinite: number,
  moments: [number, number, number, number] | null,
  edges: readonly number[],
  counts: readonly number[],
  equal: readonly number[] | "all" | null,
];
type CategoryLine = [
  name: string,
  kind: "category",
  rows: number,
  missing: number,
  other: number,
  values: readonly string[],
  counts: readonly number[],
  buckets: readonly number[] | null,
];

/** The text of profile.json: the same profile gives the same bytes. */
export function writeProfile(profile: Profile): string {
  const { features, predictions, outcome, past, ...facts } = profile;
  const lines = past && { past: { ...past, predictions: past.predictions.map(pastLine) } };
  const members = Object.entries({ ...facts, ...lines, outcome: lineOf(outcome) }).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  members.push(`"predictions":${block(predictions.map(lineOf))}`, `"features":${block(features.map(featureLine))}`);
  return `{${members.join(",\n")}}\n`;
}

/** A feature on one line; its length is what the feature costs. The past is the last, so that earlier versions of mergeml read the rest. */
function featureLine({ kind, importance, distribution, past }: FeatureProfile): unknown[] {
  return [kind, importance, lineOf(distribution), ...(past ? [pastLine(past)] : [])];
}

function block(lines: readonly unknown[]): string {
  return lines.length === 0 ? "[]" : `[\n${lines.map((line) => JSON.stringify(line)).join(",\n")}\n]`;
}

/** Reads profile.json back. Throws UserError when a newer mergeml wrote it; its hash was checked by the registry. */
export function parseProfile(text: string): Profile {
  try {
    return readProfile(text);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const message = `the profile cannot be read: ${(cause as Error).message.slice(0, 200)}`;
    throw new UserError({ message, hint: "see what else is wrong: mergeml verify" }, { cause });
  }
}

function readProfile(text: string): Profile {
  const { features, predictions, outcome, past, ...facts } = JSON.parse(text);
  if (facts.format !== 1) {
    throw new UserError({
      message: `the profile has format ${facts.format}, this mergeml reads format 1`,
      hint: "use the mergeml that wrote it, or a newer one",
    });
  }
  const predicted: Distribution[] = predictions.map(parseLine);
  return {
    ...(facts as Omit<Profile, "features" | "predictions" | "outcome">),
    ...(past && { past: parsePast(past, predicted) }),
    times: facts.times ?? null, // profiles of earlier versions of mergeml do not have it
    features: features.map(([kind, importance, line, pastOf]: FeatureLine) => {
      const distribution = parseLine(line);
      return { kind, importance, distribution, ...(pastOf && { past: parsePastLine(pastOf, distribution) }) };
    }),
    predictions: predicted,
    outcome: parseLine(outcome),
  };
}

type FeatureLine = [FeatureProfile["kind"], number | null, NumberLine | CategoryLine, PastLine?];

type WrittenPast = Omit<ReferencePast, "predictions"> & { predictions: readonly PastLine[] };

function parsePast({ window, predictions, ...past }: WrittenPast, columns: readonly Distribution[]): ReferencePast {
  return { window, predictions: predictions.map((line, at) => parsePastLine(line, columns[at]!)), ...past };
}

/** A column's line; its length is what the column costs. */
export function lineOf(column: Distribution): NumberLine | CategoryLine {
  return column.kind === "numeric" ? numberLine(column) : categoryLine(column);
}

function numberLine(column: NumericDistribution): NumberLine {
  const { name, rows, missing, infinite, mean, deviation, min, max, edges, counts, equal, exact } = column;
  const moments: NumberLine[5] =
    mean === null || deviation === null || min === null || max === null ? null : [mean, deviation, min, max];
  // Nothing lies above the last edge.
  return [name, "numeric", rows, missing, infinite, moments, edges, counts.slice(0, -1), exact ? "all" : equal];
}

function categoryLine({ name, rows, missing, other, categories, buckets }: CategoryDistribution): CategoryLine {
  const values = categories.map(({ value }) => value);
  return [name, "category", rows, missing, other, values, categories.map((each) => each.rows), buckets];
}

function parseLine(line: NumberLine | CategoryLine): Distribution {
  if (line[1] === "category") {
    const [name, kind, rows, missing, other, values, counts, buckets] = line;
    const categories = values.map((value, at) => ({ value, rows: counts[at] ?? 0 }));
    return { name, kind, rows, missing, categories, other, unlisted: [], buckets };
  }
  const [name, kind, rows, missing, infinite, moments, edges, inner, equal] = line;
  const [mean, deviation, min, max] = moments ?? [null, null, null, null];
  const counts = [...inner, 0];
  const facts = { name, kind, rows, missing, infinite, mean, deviation, min, max, edges, counts, below: 0, above: 0 };
  return { ...facts, equal: equal === "all" ? inner : equal, exact: equal === "all" };
}
