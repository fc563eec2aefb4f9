import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Json, sha256 } from "../../../pipelines/config/canonical-json.ts";
import type { StagedRows } from "../../../pipelines/data/engines/engine.ts";
import type { FeatureSpec, Table } from "../../../pipelines/data/table.ts";
import type { Log } from "../../../pipelines/ports/host.ts";
import { classificationHead, OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { type ProvenModel, trainModel } from "../../../pipelines/training/train-model.ts";
import { findTrainer } from "../../../pipelines/training/trainers.ts";
import { categories, classification, numbers, regression, signatureOf } from "../tables.ts";

/** Four flats; one size and one city are missing. */
export const flats = regression(
  [numbers("size", [50, null, 70, 90]), categories("city", ["Bonn", "", "Ulm", "Bonn"])],
  [500.5, 600, 700, 900],
);

export const graded = classification(flats.features, ["cheap", "dear", "dear", "dear"]);

/** A graph that declares every feature and whose scores are 7, 8 and so on, whatever the row. */
function constantScores(graph: OnnxGraph, features: readonly FeatureSpec[], width: number): string {
  const inputs = features.map((feature) => [feature, graph.input(feature)] as const);
  const size = inputs.find(([{ kind }]) => kind !== "category")![1];
  const [missing] = graph.node("IsNaN", [size]);
  const data = Float32Array.from({ length: width }, (_, at) => 7 + at);
  const scores = graph.constant("scores", { type: "float", dims: [1, width], data });
  return graph.node("Where", [missing!, scores, scores])[0]!;
}

/** model.onnx of a regression that keeps the contract. */
export function sound(table: Table = flats): Uint8Array {
  const graph = new OnnxGraph("sound");
  regressionHead(graph, constantScores(graph, table.features, 1));
  return graph.serialize();
}

/** model.onnx of a classifier with the given classes, whose last is always the most probable. */
export function soundClassifier(classes: readonly string[], table: Table = graded): Uint8Array {
  const graph = new OnnxGraph("sound");
  const width = classes.length === 2 ? 1 : classes.length;
  classificationHead(graph, constantScores(graph, table.features, width), classes);
  return graph.serialize();
}

/** A model's folder with a program, and what its log said. Removed when disposed. */
export interface Program extends Disposable {
  folder: string;
  /** A folder outside, for what a program leaves as a trace. */
  outside: string;
  log: string[];
  train(changes?: TrainingChanges): Promise<ProvenModel>;
}

interface TrainingChanges {
  table?: Table;
  params?: Readonly<Record<string, Json>>;
  env?: Readonly<Record<string, string>>;
  staged?: StagedRows;
}

/** A model whose program is `script` for Node; it may read `prepared.onnx`. */
export function makeProgram(script: string, files: Readonly<Record<string, string | Uint8Array>> = {}): Program {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-test-"));
  const outside = mkdtempSync(join(tmpdir(), "mergeml-test-"));
  const all = { "prepared.onnx": sound(), "fit.mjs": script, ...files };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const log: string[] = [];
  return {
    folder,
    outside,
    log,
    train: ({ table = flats, params = {}, env = {}, staged } = {}) =>
      trainModel({
        trainer: findTrainer("command"),
        task: table.target.task,
        table,
        params: { ...defaults(), run: ["node", "fit.mjs", outside], ...params },
        seed: 7,
        threads: 2,
        log: listening(log),
        signature: signatureOf(table),
        ...(staged && { staged }),
        source: {
          folder,
          name: "models/rent",
          files: hashes(folder),
          target: "rent",
          env: { PATH: process.env.PATH, ...env },
        },
      }),
    [Symbol.dispose]() {
      for (const each of [folder, outside]) rmSync(each, { recursive: true, force: true });
    },
  };
}

/** The error of a training that must fail. */
export async function failure(program: Program, changes?: TrainingChanges): Promise<{ message: string; hint: string }> {
  const error = await program.train(changes).then(
    () => new Error("the training did not fail"),
    (reason: unknown) => reason as Error & { problems?: { hint?: string }[] },
  );
  return { message: error.message, hint: ("problems" in error && error.problems?.[0]?.hint) || "" };
}

function defaults(): Record<string, Json> {
  const { properties } = findTrainer("command").paramsSchema;
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, schema.default!]));
}

function hashes(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), sha256(readFileSync(path))]));
}

function listening(lines: string[]): Log {
  return {
    info: (message) => lines.push(message),
    warn: (message) => lines.push(`warning: ${message}`),
    step: (_title, work) => work({ update: (_fraction, detail) => lines.push(`step: ${detail}`) }),
  };
}
