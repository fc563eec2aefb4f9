import type { ModelConfig, Thresholds } from "../../pipelines/config/model-config.ts";
import type { CheckResult, DatasetRef } from "../../pipelines/data/dataset-store.ts";
import type { FeatureSpec } from "../../pipelines/data/table.ts";
import type {
  Difference,
  Evaluation,
  MetricComparison,
  SliceComparison,
} from "../../pipelines/evaluation/evaluation.ts";
import { judge } from "../../pipelines/gate/judge.ts";
import type { Verdict } from "../../pipelines/gate/verdict.ts";
import type { JudgedEntry } from "../../pipelines/handover/training-outcome.ts";
import type { CandidateRecord, VersionRecord } from "../../pipelines/registry/version-record.ts";
import { defaultSettings, defaultThresholds } from "../default-settings.ts";

const columns: readonly FeatureSpec[] = [
  { name: "carat", kind: "number" },
  { name: "cut", kind: "category" },
  { name: "color", kind: "category" },
];

/** Hex digits that look like a hash and differ by name. */
function hex(name: string, length: number): string {
  const digits = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7).toString(16);
  return digits.repeat(Math.ceil(length / digits.length)).slice(0, length);
}

export function modelConfig(
  name: string,
  changes: Partial<ModelConfig> & { limits?: Partial<Thresholds> } = {},
): ModelConfig {
  const { limits, ...others } = changes;
  return {
    name,
    description: "",
    owner: null,
    task: "regression",
    type: "gradient-boosting",
    seed: 42,
    params: { trees: 200, learning_rate: 0.1, max_leaves: 31 },
    search: null,
    features: {
      engine: "duckdb",
      query: "features.sql",
      window: null,
      key: ["id"],
      target: "price",
      time: null,
      split: { by: "key", test: 0.2 },
      checks: [],
    },
    thresholds: {
      ...defaultThresholds,
      primary: "rmse",
      first_deploy: { rmse: { max: 900 } },
      ...limits,
    },
    ...defaultSettings,
    ...others,
  };
}

export function dataset(name: string, rows: number): DatasetRef {
  return {
    fingerprint: `fp:${hex(name, 32)}`,
    rows,
    columns: columns.map((each) => ({ name: each.name, type: "DOUBLE" })),
  };
}

export function candidate(config: ModelConfig, changes: Partial<CandidateRecord> = {}): CandidateRecord {
  return {
    id: `c-${hex(`${config.name} candidate`, 64)}`,
    definition: `sha256:${hex(`${config.name} definition`, 64)}`,
    config,
    query: "select id, carat, cut, color, price\nfrom diamonds\nwhere price > 0\n",
    trainer: { name: config.type, version: 1 },
    commit: hex("commit", 40),
    dirty: false,
    features: columns,
    classes: [],
    train: dataset("train", 43_152),
    test: dataset("test", 10_788),
    predictions: dataset("predictions", 10_788),
    checks: [check("carat not_null"), check("price between [0, 20000]")],
    notes: [],
    model: { sha256: `sha256:${hex(`${config.name} model`, 64)}`, size: 184_302 },
    importance: [
      { feature: "carat", share: 0.81 },
      { feature: "color", share: 0.12 },
      { feature: "cut", share: 0.07 },
    ],
    coefficients: [],
    curves: [],
    environment: {},
    created: "2026-03-10T12:00:00.000Z",
    train_seconds: 1.94,
    ...changes,
  };
}

export function check(name: string, changes: Partial<CheckResult> = {}): CheckResult {
  return { check: name, severity: "block", passed: true, found: "0 of 53,940 rows", failing_rows: 0, ...changes };
}

/** A difference with an interval of plus or minus `half`. */
export function difference(value: number, half: number): Difference {
  return { value, low: value - half, high: value + half, confidence: 0.95 };
}

export function metric(name: string, scores: Partial<MetricComparison>): MetricComparison {
  return {
    metric: name,
    direction: "min",
    naive: null,
    production: null,
    candidate: null,
    difference: null,
    ...scores,
  };
}

export function slice(by: string, value: string, scores: Partial<SliceComparison>): SliceComparison {
  return {
    by,
    value,
    metric: "rmse",
    direction: "min",
    rows: 400,
    production: null,
    candidate: null,
    difference: null,
    ...scores,
  };
}

export function evaluation(changes: Partial<Evaluation>): Evaluation {
  return {
    task: "regression",
    primary: "rmse",
    rows: 10_788,
    test_fingerprint: `fp:${hex("test", 32)}`,
    model: `sha256:${hex("model", 64)}`,
    features: columns,
    classes: [],
    baseline: { state: "none" },
    metrics: [],
    slices: [],
    small_slices: 0,
    bins: Array.from({ length: 10 }, (_, at) => ({
      label: String(at + 1),
      rows: 1079,
      predicted: 600 * 1.4 ** at,
      actual: 590 * 1.41 ** at,
    })),
    ...changes,
  };
}

/** The baseline that was scored: production's version. */
export function scored(version: number, classes: readonly string[] = []): Evaluation["baseline"] {
  return { state: "scored", version, model: `sha256:${hex(`v${version}`, 64)}`, features: columns, classes };
}

/** The day on which everything is judged. */
const today = "2026-03-10";

/** What the gate says of a candidate with this evaluation: the real verdict. */
function judgedVerdict(record: CandidateRecord, scores: Evaluation): Verdict {
  const { baseline } = scores;
  return judge(scores, record.config.thresholds, {
    today,
    checks: record.checks,
    binds: {
      definition: record.definition,
      commit: record.commit,
      train_fingerprint: record.train.fingerprint,
      test_fingerprint: scores.test_fingerprint,
      candidate_model: scores.model,
      baseline_version: baseline.state === "none" ? null : baseline.version,
      baseline_model: baseline.state === "none" ? null : baseline.model,
      tool_version: "0.1.0",
    },
  });
}

export function version(number: number, record: CandidateRecord, scores: Evaluation): VersionRecord {
  return {
    format: 1,
    model: record.config.name,
    version: number,
    candidate: record,
    evaluation: scores,
    verdict: judgedVerdict(record, scores),
    pull_request: 41,
    registered: "2026-02-10T12:00:00.000Z",
    registered_by: "octocat",
    files: {},
    digest: `sha256:${hex("digest", 64)}`,
  };
}

/** A candidate judged by the real gate against the thresholds of its config. */
export function judged(record: CandidateRecord, scores: Evaluation, production: VersionRecord | null): JudgedEntry {
  return { state: "judged", candidate: record, evaluation: scores, verdict: judgedVerdict(record, scores), production };
}
