import type { Interval } from "../../window/interval.ts";
import type { Distribution } from "../distribution.ts";
import type { Profile } from "../profile.ts";
import { type WindowGrid, withoutRows } from "./count-parts.ts";
import { type ColumnPast, fewestWithParts, partsOfWindow, type Spread, tidyPart } from "./past.ts";
import { addDistributions, type PastWindow, spreadBeyond } from "./spread-of.ts";

/** A column by the time of the year: in 26 parts of about two weeks, and what windows did against the same season of other years. */
export interface Season {
  parts: readonly Distribution[];
  spread: Spread | null;
}

const day = 24 * 3_600_000;
const year = 365.25 * day;
const partsOfYear = 26;

/** As much before and after the middle of a window is its season. */
const reach = 21 * day;

/** A reference shorter than this has not seen all seasons. */
export function isWholeYear({ count, window }: WindowGrid): boolean {
  return count * window >= 364 * day && window <= 31 * day;
}

/** By weeks, each in its days. The windows that the spread is of are these weeks; those of another length have as much in common. */
export function seasonOf(weeks: readonly (readonly Distribution[])[], grid: WindowGrid): Season {
  const wholes = weeks.map((parts) => together(parts));
  const middles = weeks.map((_, at) => grid.from + (at + 0.5) * grid.window);
  const parts = Array.from({ length: partsOfYear }, (_, part) => {
    const own = wholes.filter((__, at) => partAt(middles[at]!) === part);
    return tidyPart(own.length > 0 ? together(own) : withoutRows(wholes[0]!));
  });
  return { parts, spread: seasonSpread(weeks, middles) };
}

function together(columns: readonly Distribution[]): Distribution {
  return addDistributions(columns.map((column) => ({ column, times: 1 })));
}

function partAt(moment: number): number {
  return Math.min(partsOfYear - 1, Math.floor(yearShare(moment) * partsOfYear));
}

/** How far into its year a moment is, 0..1. */
function yearShare(moment: number): number {
  const start = Date.UTC(new Date(moment).getUTCFullYear(), 0, 1);
  return Math.min((moment - start) / year, 1 - 1e-9);
}

/** Every week against the same season of the other years, or, of a single year, against the weeks around it. */
function seasonSpread(weeks: readonly (readonly Distribution[])[], middles: readonly number[]): Spread | null {
  if (weeks.length < fewestWithParts) return null;
  const compared = weeks.map((parts, at): { window: readonly Distribution[]; rest: readonly Distribution[][] } => {
    const near = weeks.flatMap((other, each) => {
      const apart = Math.abs(middles[each]! - middles[at]!);
      const season = apart % year;
      return each !== at && Math.min(season, year - season) <= reach
        ? [{ other, years: Math.round(apart / year) }]
        : [];
    });
    const others = near.filter(({ years }) => years > 0);
    const rest = (others.length > 0 ? others : near).map(({ other }) => [...other]);
    return { window: parts, rest };
  });
  const usable = compared.filter(({ rest }) => rest.length > 0);
  const windows = usable.map(
    ({ window, rest }): PastWindow => ({ window: together(window), rest: together(rest.flat()) }),
  );
  const parts = usable.flatMap(({ window, rest }) =>
    Array.from(
      { length: partsOfWindow },
      (_, at): PastWindow => ({
        window: window[at]!,
        rest: together(rest.map((each) => each[at]!)),
      }),
    ),
  );
  return spreadBeyond(windows, parts);
}

/** How much of each part of the year lies within reach of a window's middle. */
function partWeights(middle: number, window: number): number[] {
  const length = year / partsOfYear;
  const around = Math.max(reach, window / 2 + 7 * day);
  const center = yearShare(middle) * year;
  return Array.from({ length: partsOfYear }, (_, part) =>
    [-year, 0, year].reduce((sum, shift) => {
      const from = Math.max(part * length + shift, center - around);
      const to = Math.min((part + 1) * length + shift, center + around);
      return sum + Math.max(0, to - from) / length;
    }, 0),
  );
}

/** The column as it is at that time of the year. `whole` says what is the same all year. */
export function inSeason(whole: Distribution, season: Season, { from, to }: { from: Date; to: Date }): Distribution {
  const middle = (from.getTime() + to.getTime()) / 2;
  const weights = partWeights(middle, to.getTime() - from.getTime());
  const near = season.parts.flatMap((column, at) => (weights[at]! > 0 ? [{ column, times: weights[at]! }] : []));
  const summed = addDistributions(near);
  if (summed.kind === "category" || whole.kind === "category") return wholeRows(summed);
  // Distances stay in deviations of the whole reference, and what is beyond it is beyond it in any season.
  const { deviation, min, max } = whole;
  return wholeRows({ ...summed, deviation, min, max });
}

function wholeRows(column: Distribution): Distribution {
  const missing = Math.round(column.missing);
  if (column.kind === "category") {
    const categories = column.categories.map(({ value, rows }) => ({ value, rows: Math.round(rows) }));
    const other = Math.round(column.other);
    const rows = categories.reduce((sum, each) => sum + each.rows, missing + other);
    return { ...column, missing, other, categories, rows };
  }
  const counts = column.counts.map(Math.round);
  const infinite = Math.round(column.infinite);
  const rows = counts.reduce((sum, count) => sum + count, missing + infinite);
  return { ...column, missing, infinite, counts, equal: column.equal?.map(Math.round) ?? null, rows };
}

/**
 * The profile as it is at a window's time of the year: columns with a season are what they were in the same season of the
 * reference, about three weeks before and after. A profile without seasons is as it was.
 */
export function profileInSeason(profile: Profile, interval: Interval): Profile {
  const { features, predictions, past } = profile;
  if (!features.some((feature) => feature.past?.season)) return profile;
  const seasoned = predictions.map((whole, at) => {
    const season = past?.predictions[at]?.season;
    return season ? inSeason(whole, season, interval) : whole;
  });
  const unseasoned = predictions.flatMap(({ name }, at) => (past?.predictions[at]?.season ? [] : [name]));
  return {
    ...profile,
    features: features.map((feature) => {
      const { past: own, distribution } = feature;
      if (!own?.season) return feature;
      return { ...feature, distribution: inSeason(distribution, own.season, interval), past: ofSeason(own) };
    }),
    predictions: seasoned,
    ...(past && { past: { ...past, predictions: past.predictions.map(ofSeason) } }),
    unseasoned,
  };
}

/** What windows did against their own season, where there is one. */
function ofSeason(past: ColumnPast): ColumnPast {
  return past.season ? { ...past, spread: past.season.spread } : past;
}
