import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FeatureColumn } from "../../pipelines/data/table.ts";
import type { VersionRecord } from "../../pipelines/registry/version-record.ts";
import { openModel } from "../../pipelines/training/onnx/session.ts";
import { modelYaml } from "../scratch.ts";

/** Flats that a server is asked about: with an unseen city, missing values, and an empty text. */
export const flatColumns = ["size", "rooms", "city"];
export const flatRows: readonly [number | null, number | null, string | null][] = [
  [50, 2, "Bonn"],
  [120.5, 5, "Ulm"],
  [null, 1, "Köln"],
  [75, 3, "unseen"],
  [90, null, ""],
  [64, 2, null],
];

/** The query's column that is the target of `bandYaml`: three classes of rent. */
export const bandColumn = "least(2, rent // 500)::INTEGER AS band";

/** A model of the flats' band of rent. */
export function bandYaml(name = "rent"): string {
  const thresholds = "  primary: log_loss\n  first_deploy: { log_loss: { max: 5 } }";
  return modelYaml({ name, params: "{ trees: 20 }", thresholds })
    .replace("task: regression", "task: classification")
    .replace("target: rent", "target: band");
}

/** What our own scoring says of the flats, with the model and the record in `folder`: a number a row, or one a row and class. */
export async function ownScores(folder: string): Promise<number[]> {
  const record = JSON.parse(readFileSync(join(folder, "version.json"), "utf8")) as VersionRecord;
  const session = await openModel(readFileSync(join(folder, "model.onnx")), record.candidate);
  const levels = flatRows.map((row) => row[2] ?? "");
  const features: FeatureColumn[] = [
    { name: "size", kind: "number", values: Float32Array.from(flatRows, ([size]) => size ?? Number.NaN) },
    { name: "rooms", kind: "number", values: Float32Array.from(flatRows, ([, rooms]) => rooms ?? Number.NaN) },
    { name: "city", kind: "category", codes: Int32Array.from(levels.keys()), levels },
  ];
  const { values } = await session.predict(features);
  await session.close();
  return [...values];
}
