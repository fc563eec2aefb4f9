import type { SourceEngine } from "../engine.ts";
import { openDatabricks } from "./databricks-engine.ts";

/** Databricks: runs feature queries in a SQL warehouse of a source, as `spark` does in a cluster. */
export const databricks: SourceEngine<"databricks"> = { start: openDatabricks };
