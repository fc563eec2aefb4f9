import { setTimeout as sleep } from "node:timers/promises";
import { StatementError, statementReason } from "../spark-sql/statement-error.ts";
import type { SparkStatements } from "../spark-sql/statements.ts";
import type { DatabricksApi } from "./databricks-api.ts";

/** The parts that are used of what the API answers: https://docs.databricks.com/api/workspace/statementexecution */
interface StatementAnswer {
  statement_id: string;
  status: { state: string; error?: { error_code?: string; message?: string } };
  manifest?: { schema: { columns?: { name: string; type_name: string }[] }; truncated?: boolean };
  result?: ResultChunk;
}

interface ResultChunk {
  data_array?: (string | null)[][];
  next_chunk_internal_link?: string;
}

/** Where statements run. */
interface Warehouse {
  id: string;
  catalog: string | undefined;
}

const statements = "/api/2.0/sql/statements";

/** Longest that the server keeps an answer back while a statement runs; then it is asked for. */
const patience = "30s";

/** Between two looks at a statement that runs. */
const pauseMs = 1_000;

/**
 * Statements on a SQL warehouse, each in a session of its own. Results come inline, which the API allows up to 25 MiB: they are
 * aggregates; rows go by way of the staging area.
 */
export function databricksStatements(api: DatabricksApi, warehouse: Warehouse): SparkStatements {
  let running: string | null = null;
  return {
    async rows(statement) {
      const body = {
        warehouse_id: warehouse.id,
        statement,
        wait_timeout: patience,
        on_wait_timeout: "CONTINUE",
        disposition: "INLINE",
        format: "JSON_ARRAY",
        ...(warehouse.catalog === undefined ? {} : { catalog: warehouse.catalog }),
      };
      let answer = await api.json<StatementAnswer>("POST", statements, body);
      running = answer.statement_id;
      try {
        while (["PENDING", "RUNNING"].includes(answer.status.state)) {
          await sleep(pauseMs);
          answer = await api.json<StatementAnswer>("GET", `${statements}/${encodeURIComponent(running)}`);
        }
      } finally {
        running = null;
      }
      return resultOf(api, answer);
    },
    interrupt() {
      if (running === null) return;
      // Asked again while it runs.
      api.json("POST", `${statements}/${encodeURIComponent(running)}/cancel`).catch(() => {});
    },
    close: async () => {},
  };
}

async function resultOf(api: DatabricksApi, answer: StatementAnswer): Promise<Record<string, unknown>[]> {
  const { state, error } = answer.status;
  if (state !== "SUCCEEDED") {
    const words =
      error?.message ?? (state === "CANCELED" ? "[OPERATION_CANCELED] it was canceled" : `it ended as ${state}`);
    throw new StatementError(statementReason(words));
  }
  if (answer.manifest?.truncated) throw new Error("the warehouse cut a result short");
  const columns = answer.manifest?.schema.columns ?? [];
  const rows: Record<string, unknown>[] = [];
  for (let chunk = answer.result; chunk; ) {
    for (const cells of chunk.data_array ?? []) {
      rows.push(Object.fromEntries(columns.map(({ name, type_name }, at) => [name, cellOf(cells[at], type_name)])));
    }
    const next = chunk.next_chunk_internal_link;
    chunk = next === undefined ? undefined : await api.json<ResultChunk>("GET", next);
  }
  return rows;
}

/** Every value comes as text. */
function cellOf(text: string | null | undefined, type: string): unknown {
  if (text === null || text === undefined) return null;
  if (type === "BOOLEAN") return text === "true";
  if (type === "LONG") return BigInt(text);
  return ["BYTE", "SHORT", "INT", "FLOAT", "DOUBLE"].includes(type) ? Number(text) : text;
}
