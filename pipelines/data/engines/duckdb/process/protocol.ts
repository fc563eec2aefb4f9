import type { PrepareJob, QueryJob, QueryResult } from "../../engine.ts";

/** What a query's result tells of itself. */
export type ResultFacts = Pick<QueryResult, "columns" | "rows" | "parameters" | "sources">;

/** What can be done with a result. */
type ResultStep = Exclude<keyof QueryResult, keyof ResultFacts>;

/** To the engine's process: a query to prepare; or one to run, then what is to be done with its result, which it holds. */
export type EngineRequest =
  | { step: "prepare"; job: PrepareJob }
  | { step: "query"; job: QueryJob }
  | { [Step in ResultStep]: { step: Step; given: Parameters<QueryResult[Step]> } }[ResultStep];
