import type { Json } from "../../config/canonical-json.ts";
import { oneLine } from "../../errors/inert-markdown.ts";
import {
  type ChangedParam,
  changedParams,
  comparedParams,
  type ListedRun,
  shortRunId,
} from "../../run-log/list-runs.ts";
import { curveLine, type RunMetric, type RunRecord } from "../../run-log/run-record.ts";
import { formatCount, matchNumbers } from "../../statistics/format-number.ts";
import { sparkBars } from "../../statistics/spark-bars.ts";
import { type TableColumn, textTable } from "./text-table.ts";

const none = "–";
const longest = 200;

/** `mergeml runs`: one line for each run. `metric` is the one to show instead of each run's primary metric. */
export function renderRuns(runs: readonly ListedRun[], metric?: string, width?: number): string {
  const shown = (run: RunRecord) => (metric === undefined ? run.metrics[0] : metricOf(run, metric));
  const names = new Set(runs.flatMap((run) => shown(run)?.metric ?? []));
  const [only] = names.size === 1 ? names : [];
  const headers = ["when (UTC)", "run", "model", only ?? "primary", "verdict", "version", "by", "changed"];
  const rows = runs.map((run) => [
    minute(run.time),
    shortRunId(run.id),
    run.model,
    scoreText(shown(run), only === undefined),
    outcome(run),
    version(run),
    run.by,
    run.changed === null ? "first run" : run.changed.map(changeText).join(", ") || none,
  ]);
  return textTable(
    headers.map((header) => ({ header })),
    rows,
    { longest: 120, width },
  );
}

/** How the metric went over the runs of a model, oldest first, as bars; empty for fewer than three scores. */
export function scoreLine(runs: readonly ListedRun[], metric?: string): string {
  const name = metric ?? runs[0]?.metrics[0]?.metric;
  const inTime = runs.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const scores = inTime.flatMap((run) => (name === undefined ? [] : (metricOf(run, name)?.candidate ?? [])));
  return scores.length < 3 ? "" : `${name} over these runs, oldest first: ${sparkBars(scores)}`;
}

/** `mergeml runs show`: all of one run. */
export function renderRun(run: RunRecord, width?: number): string {
  const table = (columns: readonly TableColumn[], rows: readonly string[][]) => textTable(columns, rows, { width });
  return [
    table([{ header: "run" }, { header: run.id }], factLines(run)),
    table(
      [{ header: "param" }, { header: "value" }],
      [...comparedParams(run)].map(([name, value]) => [name, paramText(value)]),
    ),
    run.metrics.length > 0 && table(metricColumns, run.metrics.map(metricLine)),
    run.curves?.length ? table(curveColumns, run.curves.map(curveLine)) : false,
    run.trials.length > 0 && table(trialColumns(run), run.trials.map(trialLine)),
  ]
    .filter((part) => part !== false)
    .join("\n\n");
}

/** `mergeml runs compare`: params, data and metrics of two runs side by side. */
export function renderRunComparison(left: RunRecord, right: RunRecord, width?: number): string {
  const titles = [left, right].map(({ id }) => ({ header: shortRunId(id) }));
  const side = (header: string, lines: readonly string[][]) => textTable([{ header }, ...titles], lines, { width });
  const [before, after] = [factLines(left), factLines(right)];
  const facts = before.map(([name = "", value = none], at) => [name, value, after[at]?.[1] ?? none]);
  const changed = changedParams(left, right);
  return [
    side("run", facts),
    changed.length > 0
      ? side(
          "param",
          changed.map((each) => [each.name, paramText(each.before), paramText(each.after)]),
        )
      : "params: the same",
    side("metric", metricPairs(left, right)),
    sameTest(left, right)
      ? "Both were scored on the same test rows."
      : "Each was scored on its own test rows, so the metrics do not compare.",
  ].join("\n\n");
}

/** Whether two runs' metrics compare. */
export function sameTest(left: RunRecord, right: RunRecord): boolean {
  return left.data !== null && left.data.test.fingerprint === right.data?.test.fingerprint;
}

function factLines(run: RunRecord): string[][] {
  const { data } = run;
  return [
    ["model", run.model],
    ["when (UTC)", minute(run.time)],
    ["by", run.by],
    ["commit", run.commit ? `${run.commit.slice(0, 7)}${run.dirty ? ", with uncommitted changes" : ""}` : none],
    ["candidate", run.candidate?.slice(0, 14) ?? none],
    ["verdict", run.verdict ? `${outcome(run)}: ${run.verdict.summary}` : outcome(run)],
    ["version", version(run)],
    ["window", data?.window ? `${data.window.start} to ${data.window.end}` : none],
    ["train", datasetText(data?.train)],
    ["test", datasetText(data?.test)],
    ["training", `${run.seconds.toFixed(1)} s`],
    ...(run.error === null ? [] : [["error", run.error]]),
  ];
}

function datasetText(dataset: { fingerprint: string; rows: number } | undefined): string {
  return dataset ? `${dataset.fingerprint.slice(0, 11)}  ${formatCount(dataset.rows)} rows` : none;
}

const metricColumns = ["metric", "candidate", "production"].map((header) => ({ header }));
const curveColumns = ["curve", "steps", "first", "last", ""].map((header) => ({ header }));
const trialColumns = ({ search_metric: metric = "score" }: RunRecord) =>
  ["trial", metric, "params"].map((header) => ({ header }));

function metricLine({ metric, candidate, production }: RunMetric): string[] {
  const numbers = matchNumbers([candidate, production]);
  return [metric, numbers.value(candidate) || none, numbers.value(production) || none];
}

function trialLine({ number, params, score, winner }: RunRecord["trials"][number], at: number): string[] {
  const chosen = Object.entries(params).map(([name, value]) => `${name} ${paramText(value)}`);
  return [
    `${number ?? at + 1}${winner ? " (chosen)" : ""}`,
    matchNumbers([score]).value(score) || none,
    chosen.join(", "),
  ];
}

function metricPairs(left: RunRecord, right: RunRecord): string[][] {
  const names = new Set([...left.metrics, ...right.metrics].map((each) => each.metric));
  return [...names].map((name) => {
    const [before, after] = [left, right].map((run) => metricOf(run, name)?.candidate ?? null) as [
      number | null,
      number | null,
    ];
    const numbers = matchNumbers([before, after]);
    return [name, numbers.value(before) || none, numbers.value(after) || none];
  });
}

function metricOf(run: RunRecord, name: string): RunMetric | undefined {
  return run.metrics.find(({ metric }) => metric === name);
}

function scoreText(metric: RunMetric | undefined, named: boolean): string {
  const text = metric ? matchNumbers([metric.candidate]).value(metric.candidate) : "";
  return text === "" ? none : named ? `${metric!.metric} ${text}` : text;
}

function outcome({ state, verdict }: RunRecord): string {
  return state === "error" ? "error" : (verdict?.outcome ?? none);
}

function version(run: RunRecord): string {
  return run.version === null ? none : `v${run.version}`;
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

function changeText({ name, before, after }: ChangedParam): string {
  return `${name} ${paramText(before)} -> ${paramText(after)}`;
}

function paramText(value: Json | undefined): string {
  if (value === undefined) return none;
  return oneLine(typeof value === "string" ? value : JSON.stringify(value), longest);
}
