import "@duckdb/node-api"; // The time this takes passes while nobody has asked for anything yet.
import { serveRequests } from "../../../../ports/process/serve-requests.ts";
import type { QueryResult } from "../../engine.ts";
import { duckdbEngine } from "../duckdb-engine.ts";
import type { EngineRequest, ResultFacts } from "./protocol.ts";

let result: QueryResult | null = null;

serveRequests(async (request: EngineRequest): Promise<unknown> => {
  if (request.step === "prepare") return duckdbEngine.prepare(request.job);
  if (request.step === "query") {
    result = await duckdbEngine.query(request.job);
    const { columns, rows, parameters, sources } = result;
    return { columns, rows, parameters, ...(sources && { sources }) } satisfies ResultFacts;
  }
  if (!result) throw new Error(`there is no result to ${request.step}`);
  const step = result[request.step] as (...given: readonly unknown[]) => Promise<unknown>;
  return step(...request.given);
});
