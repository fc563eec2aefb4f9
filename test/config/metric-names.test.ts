import { expect, test } from "vitest";
import { allMetricNames, metricDirections, metricNames, taskOfMetric } from "../../pipelines/config/metric-names.ts";

test("every metric has a task and a direction", () => {
  expect(Object.keys(metricDirections).sort()).toEqual([...allMetricNames].sort());
  expect(allMetricNames.map(taskOfMetric)).toEqual([
    ...metricNames.regression.map(() => "regression"),
    ...metricNames.classification.map(() => "classification"),
  ]);
  expect(taskOfMetric("toString")).toBeNull();
});
