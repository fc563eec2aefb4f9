import { expect, test } from "vitest";
import { allMetricNames } from "../../pipelines/config/metric-names.ts";
import { type Mistake, saidAbout } from "./mistakes.ts";

// Mistakes in thresholds, drift, retrain and resources: each is shown with its place, what was found and what was expected.
const mistakes: readonly Mistake[] = [
  [
    "an unknown primary metric",
    "primary: rmse",
    "primary: rsme",
    `22:12+4 thresholds.primary must be ${allMetricNames.slice(0, -1).join(", ")} or ${allMetricNames.at(-1)}, not "rsme" | did you mean rmse?`,
  ],
  [
    "a primary metric of the other task",
    "primary: rmse",
    "primary: roc_auc",
    "22:12+7 thresholds.primary: roc_auc is a metric of classification; this model does regression",
  ],
  [
    "no limit for the first deploy",
    "first_deploy: { rmse: { max: 35 } }",
    "first_deploy: {}",
    "23:17+2 thresholds.first_deploy must be at least one limit, such as { rmse: { max: 35 } }, not an empty block",
  ],
  [
    "a limit on an unknown metric",
    "first_deploy: { rmse:",
    "first_deploy: { rmsle:",
    "23:19+5 thresholds.first_deploy.rmsle is not a metric | did you mean rmse?",
  ],
  [
    "a limit on a metric of the other task",
    "always: { mae:",
    "always: { accuracy:",
    "25:13+8 thresholds.always.accuracy is a metric of classification; this model does regression",
  ],
  [
    "a limit that is a number",
    "always: { mae: { max: 18 } }",
    "always: { mae: 18 }",
    "25:18+2 thresholds.always.mae must be bounds such as { min: 0, max: 100 }, not 18",
  ],
  [
    "a limit with a typo",
    "mae: { max: 18 }",
    "mae: { maxi: 18 }",
    "25:20+4 thresholds.always.mae.maxi is not a known key | did you mean max?",
  ],
  [
    "a limit that is not finite",
    "mae: { max: 18 }",
    "mae: { max: .inf }",
    "25:25+4 thresholds.always.mae.max: .inf is not a finite number",
  ],
  [
    "limits that leave no room",
    "always: { mae: { max: 18 } }",
    "always: { bias: { min: 20, max: 18 } }",
    "25:26+2 thresholds.always.bias: min 20 is above max 18",
  ],
  [
    "a bound on the wrong side",
    "first_deploy: { rmse: { max: 35 } }",
    "first_deploy: { rmse: { min: 35 } }",
    "23:27+3 thresholds.first_deploy.rmse: min 35 lets worse models pass and blocks better ones, because of rmse less is better | write  rmse: { max: 35 }",
  ],
  [
    "a bound on the wrong side beside the right one",
    "mae: { max: 18 }",
    "mae: { min: 2, max: 18 }",
    "25:20+3 thresholds.always.mae: min 2 lets worse models pass and blocks better ones, because of mae less is better | take out min",
  ],
  [
    "a bound on the wrong side of a metric of which more is better",
    "always: { mae: { max: 18 } }",
    "always: { r2: { max: 0.5 } }",
    "25:19+3 thresholds.always.r2: max 0.5 lets worse models pass and blocks better ones, because of r2 more is better | write  r2: { min: 0.5 }",
  ],
  [
    "a bound that no model can reach",
    "always: { mae: { max: 18 } }",
    "always: { r2: { min: 80 } }",
    "25:24+2 thresholds.always.r2: min 80 can never be reached, because r2 is at most 1 | write  min: 0.8",
  ],
  [
    "a bound that no model can keep",
    "mae: { max: 18 }",
    "mae: { max: -18 }",
    "25:25+3 thresholds.always.mae: max -18 can never be kept, because mae is at least 0",
  ],
  [
    "a size of a bias below zero",
    "always: { mae: { max: 18 } }",
    "always: { bias: { max: -1 } }",
    "25:26+2 thresholds.always.bias: max -1 can never be kept, because the size of a bias is at least 0",
  ],
  [
    "an unknown mode",
    "mode: point",
    "mode: better",
    '24:20+6 thresholds.retrain.mode must be point, superior or non-inferior, not "better"',
  ],
  [
    "non-inferior without a margin",
    "mode: point",
    "mode: non-inferior",
    "24:20+12 thresholds.retrain.mode non-inferior needs a margin",
  ],
  [
    "a margin in another mode",
    "mode: point",
    "mode: superior, margin: 1%",
    "24:30+6 thresholds.retrain.margin has no meaning in mode superior",
  ],
  [
    "a margin that is no amount",
    "mode: point",
    "mode: non-inferior, margin: some",
    '24:42+4 thresholds.retrain.margin must be a share such as 10%, or a number of at least 0 in the metric\'s unit, not "some"',
  ],
  [
    "a confidence in percent",
    "mode: point",
    "mode: point, confidence: 95",
    "24:39+2 thresholds.retrain.confidence must be a number of at least 0.5 and below 1, not 95",
  ],
  ["a slice by the target", "by: origin", "by: delay", '26:19+5 thresholds.slices[0].by is the target "delay"'],
  [
    "a slice with a metric of the other task",
    "metric: rmse, max",
    "metric: f1, max",
    "26:35+2 thresholds.slices[0].metric: f1 is a metric of classification; this model does regression",
  ],
  ["a slice without a limit", "max_regression: 10%, ", "", "26:13+43 thresholds.slices[0].max_regression is missing"],
  [
    "a slice with a negative limit",
    "max_regression: 10%",
    "max_regression: -0.1",
    "26:57+4 thresholds.slices[0].max_regression must be a share such as 10%, or a number of at least 0 in the metric's unit, not -0.1",
  ],
  [
    "a slice twice",
    "slices: [",
    "slices: [ { by: origin, metric: rmse, max_regression: 1 },",
    "26:68+6 thresholds.slices[1] repeats thresholds.slices[0]",
  ],
  [
    "a waiver without a reason",
    "  slices:",
    "  waive: [ { check: primary, until: 2026-12-31 } ]\n  slices:",
    "26:12+37 thresholds.waive[0].reason is missing",
  ],
  [
    "a waiver until a day that does not exist",
    "  slices:",
    "  waive: [ { check: primary, until: 2026-02-30, reason: x } ]\n  slices:",
    '26:37+10 thresholds.waive[0].until must be a date that exists, not "2026-02-30"',
  ],
  [
    "a waiver of an unknown check",
    "  slices:",
    "  waive: [ { check: everything, until: 2026-12-31, reason: x } ]\n  slices:",
    '26:21+10 thresholds.waive[0].check must be the id of a gate check, such as primary, naive, metric:mae, slice:origin=ATL, leak:price, signature, duplicates or held-out, not "everything"',
  ],
  [
    "a waiver of a slice without a rule",
    "  slices:",
    "  waive: [ { check: slice:carrier=AA, until: 2026-12-31, reason: x } ]\n  slices:",
    '26:21+16 thresholds.waive[0].check: no slice rule has the column of "slice:carrier=AA"',
  ],
  [
    "a waiver of a metric of the other task",
    "  slices:",
    "  waive: [ { check: metric:f1, until: 2026-12-31, reason: x } ]\n  slices:",
    '26:21+9 thresholds.waive[0].check: "f1" is not a metric of regression',
  ],
  [
    "a drift window without a unit",
    "window: 7d",
    "window: 7",
    "27:18+1 drift.window must be a duration such as 7d, 12h or 4w, not 7",
  ],
  [
    "a monitoring query outside the model's folder",
    "min_rows: 200, on",
    "query: ../other.sql, on",
    '27:29+12 drift.query must be the path of a file in the model\'s folder, not "../other.sql"',
  ],
  [
    "a label delay without a unit",
    "min_rows: 200, on",
    "label_delay: soon, on",
    '27:35+4 drift.label_delay must be a duration such as 2d or 12h, not "soon"',
  ],
  [
    "persistence that can never be",
    "min_rows: 200, on",
    "persist: 3 of 2, on",
    "27:31+6 drift.persist: 3 of 2 windows can never be",
  ],
  [
    "groups of drift that are the rows or the target",
    "min_rows: 200, on",
    "group: delay, on",
    '27:29+5 drift.group is "delay", which is features.target too',
  ],
  [
    "a share of zero",
    "min_rows: 200, on",
    "share: 0, on",
    "27:29+1 drift.share must be a number above 0 and at most 1, not 0",
  ],
  [
    "an unknown method",
    "min_rows: 200, on",
    "method: evidentely, on",
    '27:30+10 drift.method must be calibrated or evidently, not "evidentely" | did you mean evidently?',
  ],
  [
    "an unknown schedule",
    "schedule: never",
    "schedule: daily",
    '28:41+5 retrain.schedule must be never, weekly or monthly, not "daily"',
  ],
  [
    "a timeout of zero",
    "timeout_minutes: 60",
    "timeout_minutes: 0",
    "29:54+1 resources.timeout_minutes must be a number above 0 and at most 7200, not 0",
  ],
  [
    "a runner with a space",
    "runner: ubuntu-latest",
    "runner: ubuntu latest",
    '29:22+13 resources.runner must be the label of a runner, such as ubuntu-latest, not "ubuntu latest"',
  ],
  [
    "half a thread",
    "timeout_minutes: 60",
    "threads: 0.5",
    "29:46+3 resources.threads must be a whole number from 1 to 256, not 0.5",
  ],
];

test.each(mistakes.map((mistake) => ({ title: mistake[0], mistake })))("$title", ({ mistake }) => {
  expect(saidAbout(mistake)).toEqual(mistake.slice(3));
});
