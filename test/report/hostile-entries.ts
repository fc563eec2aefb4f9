import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import {
  candidate,
  check,
  dataset,
  difference,
  evaluation,
  judged,
  metric,
  modelConfig,
  scored,
  slice,
  version,
} from "./builders.ts";

/** Entries of every state in which everything that a pull request can write is one of the texts. */
export function hostileEntries(texts: readonly string[]): ReportEntry[] {
  const text = (at: number) => texts[at % texts.length]!;
  const config = modelConfig("hostile", {
    type: text(0),
    description: text(1),
    params: { [text(2)]: text(3) },
    features: { ...modelConfig("x").features, window: { start: text(4), end: text(5) }, target: text(6) },
    limits: {
      slices: [{ by: text(7), metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 1 }],
      waive: [{ check: `slice:${text(7)}=${text(8)}`, until: "2026-12-31", reason: text(9) }],
    },
  });
  const scores = evaluation({
    baseline: scored(1),
    classes: [text(10), text(11)],
    metrics: [
      metric("rmse", { production: 2, candidate: 3, difference: difference(1, 0.5) }),
      metric(text(12), { problem: text(13) }),
    ],
    slices: [8, 9, 10].map((at) =>
      slice(text(7), text(at), { production: 1, candidate: 2, difference: difference(1, 0.1), problem: text(at + 1) }),
    ),
    bins: [0, 1].map((at) => ({ label: text(at), rows: 1, predicted: 1, actual: 2 })),
    explanations: {
      metric: text(3),
      rows: 10,
      repeats: 5,
      importance: texts.map((feature, at) => ({ feature, worse: at, sd: 1 })),
      dependence: [
        {
          feature: text(4),
          kind: "category",
          labels: [text(5), text(6)],
          series: [{ name: text(7), values: [1, 2] }],
          rows: 9,
        },
      ],
    },
  });
  const record = candidate(config, {
    id: text(1),
    commit: text(2),
    query: texts.join("\n"),
    features: texts.map((name) => ({ name, kind: "number" as const })),
    train: { ...dataset("train", 1), fingerprint: text(3) },
    checks: texts.map((name) => check(name, { passed: false, severity: "warn", found: name })),
    notes: texts,
    importance: texts.map((feature) => ({ feature, share: 1 / texts.length })),
    coefficients: texts.map((name) => ({ name, value: 1 })),
    curves: [{ metric: text(4), steps: [1, 2], values: [2, 1] }],
  });
  const before = candidate({ ...config, params: { [text(5)]: text(6) } }, { query: texts.toReversed().join("\n") });
  const where = { file: text(0), line: 1, column: 1, length: 3, lineText: text(1) };
  return [
    judged(record, scores, version(1, before, scores)),
    {
      state: "checks-failed",
      model: text(2),
      checks: texts.map((name) => check(name, { passed: false, found: name })),
      rows: 1,
    },
    {
      state: "error",
      model: text(3),
      during: text(4),
      problems: texts.map((message) => ({ message, hint: message, where })),
    },
    { state: "error", model: text(3), during: text(4), problems: [{ message: text(5) }] },
    { state: "identical", model: text(5), version: 1 },
    { state: "held", model: text(6), version: 2, production: null, rolledBack: true },
  ];
}
