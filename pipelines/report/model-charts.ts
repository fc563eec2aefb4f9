import type { Evaluation, PredictionBin } from "../evaluation/evaluation.ts";
import { formatCount, formatNumber } from "../evaluation/format-number.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import type { TrainingCurve } from "../training/trainer.ts";
import { columnTable } from "./column-table.ts";
import { escapeMarkdown } from "./escape-markdown.ts";
import { matchNumbers } from "./matched-numbers.ts";
import { xyChart } from "./xychart.ts";

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
  return { title: words.title, body: [chart, table].filter(Boolean).join("\n\n") };
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

/** The largest weights of a linear model by size; null for models without. */
export function coefficientFold({ coefficients }: CandidateRecord): Fold | null {
  if (coefficients.length === 0) return null;
  const sorted = [...coefficients].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, TOP_COEFFICIENTS);
  const body = columnTable(
    [
      { header: "term", cell: (each: { name: string; value: number }) => escapeMarkdown(each.name, 60) },
      { header: "weight", align: "right", cell: (each) => formatNumber(each.value) },
    ],
    sorted,
  );
  const few =
    coefficients.length > sorted.length ? `: the largest ${sorted.length} of ${formatCount(coefficients.length)}` : "";
  return { title: `Coefficients${few}`, body };
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
  return [chart, table].filter(Boolean).join("\n\n");
}

/** At most 20 positions of a long curve, evenly spread, the first and the last among them. */
function sampled(length: number): number[] {
  if (length <= CURVE_POINTS) return Array.from({ length }, (_, at) => at);
  return Array.from({ length: CURVE_POINTS }, (_, at) => Math.round((at * (length - 1)) / (CURVE_POINTS - 1)));
}
