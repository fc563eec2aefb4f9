import type { ModelConfig } from "../pipelines/config/model-config.ts";

/** What a config has when it says nothing of it; `parse-model-config.test.ts` holds the parser to the same. */
export const defaultSettings: Pick<ModelConfig, "drift" | "retrain" | "rollback" | "resources"> = {
  drift: {
    window: "7d",
    query: null,
    label_delay: "0d",
    label_share: 0.8,
    min_rows: 200,
    on_drift: "issue",
    share: 0.3,
    persist: "2 of 3",
    method: "calibrated",
  },
  retrain: { window: "expanding", schedule: "never" },
  rollback: null,
  resources: { runner: "ubuntu-latest", timeout_minutes: 60, memory_gb: 4, threads: 2 },
};

/** Thresholds that ask for no more than a better primary metric. */
export const defaultThresholds: Omit<ModelConfig["thresholds"], "primary"> = {
  first_deploy: {},
  retrain: { mode: "point", margin: null, confidence: 0.95 },
  always: {},
  slices: [],
  naive: "block",
  allow_breaking: false,
  min_test_rows: 30,
  waive: [],
};
