import type { SourceEngine } from "../engine.ts";
import { openPostgres } from "./postgres-engine.ts";

/** PostgreSQL: runs feature queries in the server of a source, and takes from it the rows to train on and aggregates. */
export const postgres: SourceEngine<"postgres"> = { start: openPostgres };
