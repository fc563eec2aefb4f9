import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { compareWithProfile } from "../../../pipelines/watch/check-drift-window.ts";
import { describeDistributions } from "../../../pipelines/watch/profile/describe-distributions.ts";
import { columnPasts } from "../../../pipelines/watch/profile/past/column-pasts.ts";
import { profileInSeason } from "../../../pipelines/watch/profile/past/season.ts";
import { fitProfile, type Profile } from "../../../pipelines/watch/profile/profile.ts";
import type { Rate } from "./run-grid.ts";

const day = 24 * 3_600_000;
const start = Date.UTC(2024, 7, 1);
const rowsOfDay = 120;

const normal = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())";

/** Rows with a season that is the same every year, and its columns of the calendar; `shift` moves x. */
function seasonalRows(from: number, to: number, shift: number): string {
  const rows = Math.round(((to - from) / day) * rowsOfDay);
  const at = `epoch_ms(CAST(${from} + r * ${day / rowsOfDay} AS BIGINT))`;
  return `SELECT "at", x, z, dayofyear("at") AS day_of_year, month("at") AS month, 2 * x + z + 0.3 * e AS prediction FROM
    (SELECT "at", ${normal} + sin(2 * pi() * dayofyear("at") / 365.25) + ${shift} AS x, ${normal} AS z, ${normal} AS e
      FROM (SELECT ${at} AS "at" FROM range(${rows}) t(r)))`;
}

export interface SeasonalYear {
  /** Of the weeks after two whole years: with a profile that knows the seasons, and by the whole reference. */
  alarms: Rate;
  unaware: Rate;
  /** Weeks with x shifted by 0.5. */
  detected: Rate;
}

/** Trains on two whole years and judges the weeks that follow, in the engine as in use. */
export async function runSeason(weeks: number, seed: number): Promise<SeasonalYear> {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const end = start + 730 * day;
  try {
    let drawn = 0;
    const write = async (query: string) => {
      drawn += 1;
      const file = join(folder, `${drawn}.parquet`);
      using session = await openSession({ readable: [], writable: [file], threads: 1 });
      await session.run(`SELECT setseed(${((seed * 131 + drawn * 7) % 997) / 997})`);
      await session.run(`COPY (${query}) TO '${file}' (FORMAT parquet)`);
      return file;
    };
    const profile = await seasonalProfile(await write(seasonalRows(start, end, 0)), end);
    const found: SeasonalYear = { alarms: none(), unaware: none(), detected: none() };
    for (let week = 0; week < weeks; week++) {
      const interval = { from: new Date(end + week * 7 * day), to: new Date(end + (week + 1) * 7 * day) };
      const seasonal = profileInSeason(profile, interval);
      const [from, to] = [interval.from.getTime(), interval.to.getTime()];
      const quiet = await write(seasonalRows(from, to, 0));
      tally(found.alarms, await drifts(seasonal, quiet));
      tally(found.unaware, await drifts(withoutPast(profile), quiet));
      if (week % 3 === 0) tally(found.detected, await drifts(seasonal, await write(seasonalRows(from, to, 0.5))));
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function none(): Rate {
  return { count: 0, of: 0 };
}

function tally(rate: Rate, happened: boolean): void {
  rate.of += 1;
  if (happened) rate.count += 1;
}

async function drifts(profile: Profile, file: string): Promise<boolean> {
  const options = { threads: 1, memory_gb: 1, expected: ["at"], seed: 1, drift: { min_rows: 200, share: 0.3 } };
  return (await compareWithProfile(profile, { ...options, files: [file] })).outcome === "drift";
}

function withoutPast({ past: _, features, ...rest }: Profile): Profile {
  return { ...rest, features: features.map(({ past: __, ...feature }) => feature) };
}

const importance = [0.7, 0.2, 0.08, 0.02];

async function seasonalProfile(file: string, end: number): Promise<Profile> {
  using session = await openSession({ readable: [], writable: [file], threads: 1 });
  const from = `read_parquet('${file}')`;
  const columns = ["x", "z", "day_of_year", "month", "prediction"].map((name) => ({
    ...{ name, column: name, kind: "numeric" as const },
  }));
  const described = await describeDistributions(session, from, columns);
  const span = { first: new Date(start).toISOString(), last: new Date(end - 1).toISOString() };
  const asked = columns.map((reference, at) => ({ reference, described: described[at]!, mayBeCalendar: at < 4 }));
  const window = 7 * day;
  const pasts = await columnPasts(session, from, asked, { time: { sql: '"at"', span }, window, group: null });
  const about = { format: 1, task: "regression", classes: [], target: "y", unwatched: 0, times: null } as const;
  return fitProfile({
    ...about,
    performance: null,
    features: importance.map((share, at) => ({
      ...{ kind: "number" as const, importance: share, distribution: described[at]!, past: pasts[at]! },
    })),
    predictions: [described[4]!],
    outcome: described[4]!,
    past: { window, predictions: [pasts[4]!], performance: null },
  });
}
