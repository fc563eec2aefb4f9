import { serveRequests } from "../../process/serve-requests.ts";
import { RefusedRequest } from "../rows/refused-request.ts";
import type { ArrowReply, ArrowRequest } from "./arrow-reader.ts";
import { readArrowRows } from "./arrow-rows.ts";

serveRequests(async ({ body, signature }: ArrowRequest): Promise<ArrowReply> => {
  try {
    // In memory of its own: the message's bytes lie somewhere in what was received, and the library reads words where they lie.
    return { batch: readArrowRows(new Uint8Array(body), signature) };
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    const { status, message, problems } = error;
    return { refused: { status, message, problems } };
  }
});
