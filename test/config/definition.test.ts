import { expect, test } from "vitest";
import { candidateId, definitionHash } from "../../pipelines/config/definition.ts";
import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText } from "./example-model.ts";

const parse = modelParser(exampleParts);
const trainer = { name: "gradient-boosting", version: 1 };

function configOf(from = "", to = ""): ModelConfig {
  expect(exampleText).toContain(from);
  const { config, problems } = parse(exampleText.replace(from, to), "model.yaml");
  expect(problems).toEqual([]);
  return config!;
}

const hash = definitionHash(configOf(), "SELECT 1", trainer);

test("the same definition has the same hash, however it is written", () => {
  expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(definitionHash(configOf("seed: 42", 'seed:   42 # "the" seed'), "SELECT 1", trainer)).toBe(hash);
  expect(definitionHash(configOf("key: flight_id", "key: [flight_id]"), "SELECT 1", trainer)).toBe(hash);
  expect(definitionHash(configOf("max_leaves: 31 }", "loss: squared, max_leaves: 31 }"), "SELECT 1", trainer)).toBe(
    hash,
  );
});

test("serving is absent unless it is written, so that records of before it stay what they were", () => {
  expect(Object.keys(configOf())).not.toContain("serving");
  const { serving } = configOf("resources: {", "serving: { log: { redact: [distance] } }\nresources: {");
  expect(serving).toEqual({ log: { sample: 1, redact: ["distance"] } });
});

test.each([
  ["description", "will be late", "will come late"],
  ["owner", "octo-org/ops", "octo-org/dev"],
  ["drift", "window: 7d", "window: 14d"],
  ["drift.query", "window: 7d", "window: 7d, query: monitoring.sql"],
  ["drift.label_delay", "window: 7d", "window: 7d, label_delay: 2d"],
  ["drift.label_share", "window: 7d", "window: 7d, label_share: 0.5"],
  ["drift.group", "window: 7d", "window: 7d, group: customer"],
  ["retrain", "schedule: never", "schedule: weekly"],
  ["rollback", "resources: {", "rollback: { when: { error_rate: 5% } }\nresources: {"],
  ["card", "resources: {", "card: { intended_use: Staff look at it. }\nresources: {"],
  ["serving", "resources: {", "serving: { log: { sample: 0.1, redact: [distance] } }\nresources: {"],
  ["resources", "timeout_minutes: 60", "timeout_minutes: 90"],
  ["thresholds", "max: 35", "max: 30"],
  ["checks", "between: [0, 6000]", "between: [0, 5000]"],
])("%s does not change what is trained", (_title, from, to) => {
  expect(definitionHash(configOf(from, to), "SELECT 1", trainer)).toBe(hash);
});

test.each([
  ["name", "name: flight-delay", "name: flight-late"],
  ["seed", "seed: 42", "seed: 43"],
  ["params", "trees: 200", "trees: 201"],
  ["type", "type: gradient-boosting", "type: linear\n#"],
  ["window", "end: 2001-04-01", "end: 2001-05-01"],
  ["split", "test: 0.2", "test: 0.25"],
  ["key", "key: flight_id", "key: flight"],
  ["resources.max_rows", "timeout_minutes: 60", "timeout_minutes: 60, max_rows: 1000"],
])("%s changes it", (title, from, to) => {
  const params = title === "type" ? { l2: 1 } : undefined;
  const config = title === "type" ? { ...configOf(), type: "linear", params: params! } : configOf(from, to);
  expect(definitionHash(config, "SELECT 1", trainer)).not.toBe(hash);
});

test("the query and the trainer's version change it", () => {
  expect(definitionHash(configOf(), "SELECT 2", trainer)).not.toBe(hash);
  expect(definitionHash(configOf(), "SELECT 1", { ...trainer, version: 2 })).not.toBe(hash);
});

test("the files of a program change it by name and content, and a trainer without files has the hash it had", () => {
  const withFiles = (files?: Record<string, string>) => definitionHash(configOf(), "SELECT 1", trainer, files);
  const files: Record<string, string>[] = [{ "a.py": "1" }, { "a.py": "2" }, { "b.py": "1" }, {}];
  const hashes = files.map(withFiles);
  expect(new Set([...hashes, hash]).size).toBe(5);
  expect(withFiles()).toBe(hash);
  expect(hash).toBe("sha256:89ce21a8d05e3e41bc0dc7f8f064cda01960730fb43dcbe5edfe783a65acedef");
});

test("a candidate is its definition and its two splits", () => {
  const id = candidateId(hash, "fp:1", "fp:2");
  expect(id).toMatch(/^c-[0-9a-f]{64}$/);
  expect(candidateId(hash, "fp:1", "fp:2")).toBe(id);
  expect(new Set([id, candidateId(hash, "fp:2", "fp:1"), candidateId("sha256:0", "fp:1", "fp:2")]).size).toBe(3);
});
