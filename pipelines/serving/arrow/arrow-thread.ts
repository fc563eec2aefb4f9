import { parentPort } from "node:worker_threads";
import { RefusedRequest } from "../rows/refused-request.ts";
import type { ArrowReply, ArrowRequest } from "./arrow-reader.ts";
import { readArrowRows } from "./arrow-rows.ts";

const port = parentPort!;
port.on("message", ({ body, signature }: ArrowRequest) => {
  try {
    const batch = readArrowRows(body, signature);
    const handed = batch.columns.map(
      (column) => (column.kind === "category" ? column.codes : column.values).buffer as ArrayBuffer,
    );
    port.postMessage({ batch } satisfies ArrowReply, handed);
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    const { status, message, problems } = error;
    port.postMessage({ refused: { status, message, problems } } satisfies ArrowReply);
  }
});
