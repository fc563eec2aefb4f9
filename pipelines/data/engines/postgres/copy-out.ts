import type { Connection as Protocol, Submittable } from "pg";
import type { Connection } from "./connection.ts";
import { type CopiedType, CopyDecoder, type TakeRows } from "./decode-copy.ts";

/** Bytes that are gathered before they are decoded: the server sends every row in a message of its own. */
const gatheredBytes = 128 * 1024;

/** Streams the rows of a query of ours into typed arrays, batch by batch. What `take` throws ends the connection. */
export async function copyOut(
  connection: Connection,
  query: string,
  types: readonly CopiedType[],
  size: number,
  take: TakeRows,
): Promise<void> {
  const decoder = new CopyDecoder(types, size, take);
  await connection.use(
    (client) =>
      new Promise<void>((resolve, reject) => {
        let failure: unknown;
        const failed = (error: unknown) => {
          failure ??= error;
          // What is still to come would be read for nothing.
          client.connection.stream.destroy();
        };
        const { gather, flush } = gathering((bytes) => decoder.push(bytes));
        const statement: Submittable & Record<string, unknown> = {
          submit: (protocol: Protocol) => protocol.query(`COPY (${query}) TO STDOUT (FORMAT binary)`),
          handleCopyData({ chunk }: { chunk: Buffer }) {
            if (failure === undefined) attempted(() => gather(chunk), failed);
          },
          handleCommandComplete: () => attempted(flush, failed),
          handleError: (error: unknown) => reject(failure ?? error),
          handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
        };
        client.query(statement);
      }),
  );
  decoder.end();
}

/** These are called by the socket, where nobody would catch what is thrown. */
function attempted(work: () => void, failed: (error: unknown) => void): void {
  try {
    work();
  } catch (error) {
    failed(error);
  }
}

/** Joins small pieces to larger ones, which are lent until the call returns. */
function gathering(take: (bytes: Buffer) => void): { gather(piece: Buffer): void; flush(): void } {
  const bytes = Buffer.allocUnsafe(gatheredBytes);
  let filled = 0;
  const flush = () => {
    if (filled > 0) take(bytes.subarray(0, filled));
    filled = 0;
  };
  return {
    gather(piece) {
      if (piece.length > bytes.length - filled) flush();
      if (piece.length > bytes.length) return take(piece);
      bytes.set(piece, filled);
      filled += piece.length;
    },
    flush,
  };
}
