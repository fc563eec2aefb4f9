import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { Evaluation, PredictionBin } from "../evaluation/evaluation.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { formatCount, formatNumber, matchNumbers } from "../statistics/format-number.ts";
import type { Coefficient, TrainingCurve } from "../training/trainer.ts";
import { columnTable } from "./column-table.ts";
import { chartWithTable, xyChart } from "./markdown/xychart.ts";

const TOP_COEFFICIENTS = 20;
const CURVE_POINTS = 20;
const CURVES = 3;

/** A folded part of a model's section. */
export interface Fold {
  title: string;
  body: string;
}

/** Predicted beside actual, by decile of the prediction, or a calibration plot; null without bins. */
export function predictionFold(evaluation: Evaluation, target: string): Fold | null {
  const { bins } = evaluation;
  if (bins.length === 0) return null;
  const words = predictionWords(evaluation, target);
  const chart = xyChart({
    title: words.chart,
    labels: bins.map((bin) => bin.label),
    valueAxis: words.axis,
    series: [
      { kind: "bar", name: "predicted", values: bins.map((bin) => bin.predicted) },
      { kind: "line", name: "actual", values: bins.map((bin) => bin.actual) },
    ],
  });
  const numbers = matchNumbers(bins.flatMap((bin) => [bin.predicted, bin.actual]));
  const table = columnTable<PredictionBin>(
    [
      { header: words.bin, cell: (bin) => escapeMarkdown(bin.label, 40) },
      { header: "rows", align: "right", cell: (bin) => formatCount(bin.rows) },
      { header: "predicted", align: "right", cell: (bin) => numbers.value(bin.predicted) },
      { header: "actual", align: "right", cell: (bin) => numbers.value(bin.actual) },
    ],
    bins,
  );
  return { title: words.title, body: chartWithTable(chart, table) };
}

function predictionWords(
  { task, classes }: Evaluation,
  target: string,
): { title: string; chart: string; axis: string; bin: string } {
  if (task === "regression") {
    const chart = `Mean ${target} by decile of the prediction: predicted (bars), actual (line)`;
    return { title: "Predicted against actual", chart, axis: target, bin: "decile" };
  }
  const of = classes.length === 2 ? `Probability of ${classes.at(-1)}` : "Probability of the predicted class";
  return {
    title: "Calibration: predicted probability against what happened",
    chart: `${of}: predicted (bars), observed (line)`,
    axis: "share",
    bin: "probability",
  };
}

/** The largest weights of a linear model by standardised size, where it has such; null for models without weights. */
export function coefficientFold({ coefficients, config }: CandidateRecord): Fold | null {
  if (coefficients.length === 0) return null;
  const comparable = coefficients.some((each) => each.standardised !== undefined);
  // An intercept has no standardised weight, and comes last.
  const rank = ({ value, standardised }: Coefficient) => {
    if (!comparable) return Math.abs(value);
    return standardised === undefined ? -1 : Math.abs(standardised);
  };
  const sorted = [...coefficients].sort((a, b) => rank(b) - rank(a)).slice(0, TOP_COEFFICIENTS);
  const number = (value: number | undefined) => (value === undefined ? "" : formatNumber(value));
  const table = columnTable<Coefficient>(
    [
      { header: "term", cell: (each) => escapeMarkdown(each.name, 60) },
      { header: "weight", align: "right", cell: (each) => formatNumber(each.value) },
      { header: "95% interval", align: "right", cell: intervalText },
      { header: "standardised", align: "right", cell: (each) => number(each.standardised) },
    ],
    sorted,
  );
  const few =
    coefficients.length > sorted.length ? `: the largest ${sorted.length} of ${formatCount(coefficients.length)}` : "";
  const selected = Number(config.params.l1 ?? 0) > 0 && sorted.some((each) => each.low !== undefined);
  const line = "With `l1` the intervals are conditional on the selection: as if the terms had been chosen beforehand.";
  return { title: `Coefficients${few}`, body: selected ? `${table}\n\n${line}` : table };
}

function intervalText({ low, high }: Coefficient): string {
  return low === undefined || high === undefined ? "" : `${formatNumber(low)} to ${formatNumber(high)}`;
}

/** How training went, a chart and a table for each curve; null without curves. */
export function curvesFold({ curves }: CandidateRecord): Fold | null {
  const drawn = curves.filter((curve) => curve.values.length > 1).slice(0, CURVES);
  if (drawn.length === 0) return null;
  return { title: `Training curve${drawn.length > 1 ? "s" : ""}`, body: drawn.map(curveText).join("\n\n") };
}

function curveText(curve: TrainingCurve): string {
  const points = sampled(Math.min(curve.steps.length, curve.values.length)).map((at) => ({
    step: String(curve.steps[at]),
    value: curve.values[at]!,
  }));
  const chart = xyChart({
    title: `${curve.metric} by training step`,
    labels: points.map((point) => point.step),
    valueAxis: curve.metric,
    series: [{ kind: "line", name: curve.metric, values: points.map((point) => point.value) }],
  });
  const numbers = matchNumbers(points.map((point) => point.value));
  const table = columnTable(
    [
      {
        header: "step",
        align: "right",
        cell: (point: { step: string; value: number }) => escapeMarkdown(point.step, 20),
      },
      { header: escapeMarkdown(curve.metric, 40), align: "right", cell: (point) => numbers.value(point.value) },
    ],
    points,
  );
  return chartWithTable(chart, table);
}

/** At most 20 positions of a long curve, evenly spread, the first and the last among them. */
function sampled(length: number): number[] {
  if (length <= CURVE_POINTS) return Array.from({ length }, (_, at) => at);
  return Array.from({ length: CURVE_POINTS }, (_, at) => Math.round((at * (length - 1)) / (CURVE_POINTS - 1)));
}
