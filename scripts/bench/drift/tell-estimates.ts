import { markdownTable } from "markdown-table";
import type { Session } from "../../../pipelines/data/engines/session.ts";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { fitLoss, predictorOf } from "../../../pipelines/watch/performance/estimate/fit-loss.ts";
import {
  estimateMetric,
  type LossModel,
  lossOfMetric,
  lossSql,
  metricOf,
} from "../../../pipelines/watch/performance/estimate/loss-model.ts";
import { describeDistributions } from "../../../pipelines/watch/profile/describe-distributions.ts";
import { tellSection } from "../page.ts";
import type { Rate } from "./run-grid.ts";

const shifts = [0.25, 0.5];

/** Simulates windows whose features are shifted, and shows how often what was realised lies within what was estimated without labels. */
export async function tellEstimates(windows: number): Promise<void> {
  const rows: string[][] = [];
  const all: Rate = { count: 0, of: 0 };
  for (const kind of estimatedKinds) {
    for (const shift of shifts) {
      const { inside, unmoved } = await runEstimates(kind, shift, windows);
      all.count += inside.count;
      all.of += inside.of;
      rows.push([kind.name, kind.metric, String(shift), percent(inside), percent(unmoved)]);
    }
  }
  const header = ["model", "metric", "shift", "inside", "inside that of the test split"];
  const text = [
    "`npm run bench:drift -- estimates --write`. A test split of 2,000 rows, and windows of 1,000 whose first feature is shifted by so many standard deviations and whose second is more spread, while what depends on them stays the same. How often does the metric that the labels show lie within the 95% interval that was estimated without them? Goal: 93%.",
    `In ${percent(all)} of ${all.of} windows.`,
    markdownTable([header, ...rows], { align: ["l", "l", "r", "r", "r"] }),
  ].join("\n\n");
  tellSection("Estimates without labels, measured", text, "drift.md");
}

function percent({ count, of }: Rate): string {
  return `${((100 * count) / of).toFixed(1)}%`;
}

const normal = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())";

/** A model whose mistakes depend on its features, and rows of it whose features are shifted. */
interface EstimatedKind {
  name: string;
  metric: string;
  classes: readonly string[];
  /** SQL for rows of so many; `shift` moves the features and not what depends on them. */
  rows(count: number, shift: number): string;
}

const features = (count: number, shift: number) =>
  `(SELECT ${normal} + ${shift} AS x1, ${normal} * ${1 + shift / 3} AS x2, ${normal} AS x3, random() AS u, ${normal} AS e FROM range(${count}))`;

/** Says more than it knows, so that its probabilities must be calibrated. */
const classified = (count: number, shift: number) =>
  `SELECT x1, x2, x3, said AS probability_yes, 1 - said AS probability_no, CASE WHEN said > 0.5 THEN 'yes' ELSE 'no' END AS label,
    CASE WHEN u < 1 / (1 + exp(-z)) THEN 'yes' ELSE 'no' END AS y
  FROM (SELECT *, 1 / (1 + exp(-1.4 * z)) AS said FROM (SELECT *, 1.5 * x1 + x2 - 1 AS z FROM ${features(count, shift)}))`;

export const estimatedKinds: readonly EstimatedKind[] = [
  {
    name: "a regression with more noise where x1 and x2 are far out",
    metric: "rmse",
    classes: [],
    rows: (count, shift) =>
      `SELECT x1, x2, x3, 2 * x1 + x2 AS prediction, 2 * x1 + x2 + (0.5 + 0.3 * abs(x1) + 0.3 * abs(x2)) * e AS y FROM ${features(count, shift)}`,
  },
  {
    name: "a regression that misses a bend of x1",
    metric: "mae",
    classes: [],
    rows: (count, shift) =>
      `SELECT x1, x2, x3, x1 + x2 AS prediction, x1 + x2 + 0.4 * x1 * x1 + 0.7 * e AS y FROM ${features(count, shift)}`,
  },
  { name: "a classifier that is too sure", metric: "log_loss", classes: ["no", "yes"], rows: classified },
  { name: "a classifier that is too sure", metric: "accuracy", classes: ["no", "yes"], rows: classified },
];

interface EstimatedCell {
  kind: EstimatedKind;
  shift: number;
  /** Windows whose realised metric lies within the 95% interval, and within that of the test split as if nothing moved. */
  inside: Rate;
  unmoved: Rate;
}

const [testRows, windowRows] = [2000, 1000];

/** Test splits and a shifted window of each: is what is realised inside of what was expected? */
export async function runEstimates(kind: EstimatedKind, shift: number, windows: number): Promise<EstimatedCell> {
  const cell: EstimatedCell = { kind, shift, inside: { count: 0, of: 0 }, unmoved: { count: 0, of: 0 } };
  using session = await openSession({ readable: [], threads: 1 });
  await session.run(`SELECT setseed(${(0.37 + shift / 7) % 1})`);
  for (let at = 0; at < windows; at++) {
    await session.run(`CREATE OR REPLACE TEMP TABLE tested AS ${kind.rows(testRows, 0)}`);
    await session.run(`CREATE OR REPLACE TEMP TABLE live AS ${kind.rows(windowRows, shift)}`);
    const model = await modelOf(session, kind);
    const expected = (await estimateMetric(session, "live", model))!;
    const still = (await estimateMetric(session, "tested", model))!;
    const realised = await realisedIn(session, kind);
    tally(cell.inside, expected.low <= realised && realised <= expected.high);
    tally(cell.unmoved, still.low <= realised && realised <= still.high);
  }
  return cell;
}

function tally(rate: Rate, happened: boolean): void {
  rate.of += 1;
  if (happened) rate.count += 1;
}

function sqlOf({ metric, classes }: EstimatedKind) {
  const chosen = lossOfMetric(metric, classes.length === 0);
  const predicted = classes.length === 0 ? ["prediction"] : ["label", ...classes.map((name) => `probability_${name}`)];
  return { ...chosen, sql: lossSql(chosen.loss, { target: "y", classes, predicted }) };
}

async function modelOf(session: Session, kind: EstimatedKind): Promise<LossModel> {
  const names = [kind.classes.length === 0 ? "prediction" : "probability_yes", "x1", "x2", "x3"];
  const columns = names.map((name) => ({ name, column: name, kind: "numeric" as const }));
  const described = await describeDistributions(session, "tested", columns);
  const predictors = names.map((name, at) => predictorOf(described[at]!, name, at === 0 ? 8 : 4)!);
  return (await fitLoss(session, "tested", predictors, sqlOf(kind)))!;
}

async function realisedIn(session: Session, kind: EstimatedKind): Promise<number> {
  const { loss, sql } = sqlOf(kind);
  const { mean } = await session.row(`SELECT avg(${sql}) AS mean FROM live`);
  return metricOf(loss, Number(mean));
}
