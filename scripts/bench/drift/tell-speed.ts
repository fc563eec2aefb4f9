import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { compareWithProfile } from "../../../pipelines/watch/check-drift-window.ts";
import { describeDistributions } from "../../../pipelines/watch/profile/describe-distributions.ts";
import { type FeatureProfile, fitProfile, type Profile } from "../../../pipelines/watch/profile/profile.ts";
import { writeProfile } from "../../../pipelines/watch/profile/profile-file.ts";
import { machine, tellSection } from "../page.ts";

const kinds: Readonly<Record<string, FeatureProfile["kind"]>> = {
  uniform: "number",
  skewed: "number",
  heavy: "number",
  whole: "number",
  bell: "number",
  flag: "boolean",
  place: "category",
  letter: "category",
};

const rowsOf = (
  count: number,
) => `SELECT random() * 100 AS uniform, -ln(1 - random()) AS skewed, exp(random() * 5) AS heavy,
  CAST(floor(random() * 2000) AS INTEGER) AS whole, random() + random() + random() AS bell, random() < 0.3 AS flag,
  'place ' || CAST(floor(random() * 300) AS INTEGER) AS place, chr(CAST(65 + floor(random() * 8) AS INTEGER)) AS letter,
  random() AS prediction FROM range(${count})`;

/** Measures how long windows of real Parquet files take against a profile of eight columns and a prediction. */
export async function tellSpeed(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const reference = await writeRows(folder, 100_000);
  const profile = await profileOf(reference);
  const [large, small] = [await writeRows(folder, 3_000_000), await writeRows(folder, 10_000)];
  const one = await time(3, () => check(profile, large));
  const peak = process.resourceUsage().maxRSS / 1024;
  const many = await time(1, async () => {
    for (let model = 0; model < 1000; model++) await check(profile, small);
  });
  rmSync(folder, { recursive: true });
  const rows = [
    [
      "3,000,000 rows × 8 columns and a prediction",
      "2 s, 500 MB",
      `${seconds(one.wall)} s`,
      `${seconds(one.cpu)} s`,
      `${peak.toFixed(0)} MiB`,
    ],
    ["1,000 models, 10,000 rows each", "120 s", `${seconds(many.wall)} s`, `${seconds(many.cpu)} s`, ""],
  ];
  const table = markdownTable([["what", "goal", "time", "CPU time", "peak memory"], ...rows], {
    align: ["l", "r", "r", "r", "r"],
  });
  const size = (writeProfile(profile).length / 1000).toFixed(0);
  tellSection(
    "Speed, measured",
    `\`npm run bench:drift -- --write\`, in one process, the best of three runs of the first. The CPU time is of all threads, and does not depend on what else the machine does. The profile, of 100,000 rows, is ${size} kB.\n\n${table}\n\n${machine()}`,
    "drift.md",
  );
}

/** One large window, and the files that were compared; `processor` is the least time of all threads, in seconds. */
export async function checkLargeWindow(
  folder: string,
): Promise<{ processor: number; reference: string; window: string }> {
  const [reference, window] = [await writeRows(folder, 100_000), await writeRows(folder, 3_000_000)];
  const profile = await profileOf(reference);
  const { cpu } = await time(3, () => check(profile, window));
  return { processor: cpu, reference, window };
}

async function writeRows(folder: string, count: number): Promise<string> {
  const file = join(folder, `${count}.parquet`);
  using session = await openSession({ readable: [], writable: [file] });
  await session.run(`COPY (${rowsOf(count)}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
  return file;
}

function check(profile: Profile, file: string) {
  return compareWithProfile(profile, {
    files: [file],
    threads: 2,
    memory_gb: 0.3,
    expected: [],
    seed: 1,
    drift: { min_rows: 200, share: 0.3 },
  });
}

async function profileOf(file: string): Promise<Profile> {
  using session = await openSession({ readable: [], writable: [file], threads: 1 });
  const names = [...Object.keys(kinds), "prediction"];
  const columns = names.map((name) => ({
    name,
    column: name,
    kind: (kinds[name] ?? "number") === "number" ? ("numeric" as const) : ("category" as const),
  }));
  const described = await describeDistributions(session, `read_parquet('${file}')`, columns);
  const [prediction] = described.slice(-1);
  return fitProfile({
    ...{ format: 1, task: "regression", classes: [], target: "target", unwatched: 0, performance: null, times: null },
    features: Object.entries(kinds).map(([_, kind], at) => ({ kind, importance: null, distribution: described[at]! })),
    predictions: [prediction!],
    outcome: prediction!,
  });
}

interface Times {
  wall: number;
  cpu: number;
}

/** The shortest of some runs, in seconds. */
async function time(runs: number, work: () => Promise<unknown>): Promise<Times> {
  const best: Times = { wall: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY };
  for (let run = 0; run < runs; run++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(before);
    best.wall = Math.min(best.wall, (performance.now() - started) / 1000);
    best.cpu = Math.min(best.cpu, (user + system) / 1e6);
  }
  return best;
}

function seconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
