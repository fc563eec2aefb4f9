import type { SourceEngine } from "../engine.ts";
import { openSpark } from "./spark-engine.ts";

/** Spark: runs feature queries in the cluster of a source, and takes from it the rows to train on, as Parquet, and aggregates. */
export const spark: SourceEngine<"spark"> = { start: openSpark };
