import { WatchedProcess } from "../../ports/process/watched-process.ts";
import { type CellProblem, RefusedRequest, type RowBatch, type RowSignature } from "../served-model.ts";

export interface ArrowRequest {
  body: Uint8Array;
  signature: RowSignature;
}

export type ArrowReply =
  | { batch: RowBatch }
  | { refused: { status: number; message: string; problems: readonly CellProblem[] } };

/**
 * Reads Arrow bodies away from everything else: a few bytes can say that billions follow, and their library believes it. In a process
 * of their own, as a thread that asks for more memory than there can be takes the whole server with it.
 */
export interface ArrowReader extends AsyncDisposable {
  /** Throws RefusedRequest for what is no Arrow, is not what the model takes, or takes too long to be read. */
  read(body: Buffer, signature: RowSignature): Promise<RowBatch>;
}

/** What the kernel lets the process reserve beyond that, whether it is used or not, as an idle one does. Bytes. */
const reserved = 3 * 2 ** 30;

/** The process is started by the first body, and again after one that it did not survive. */
export function openArrowReader(limits: { milliseconds: number; megabytes: number }): ArrowReader {
  let running: WatchedProcess | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const bytes = limits.megabytes * 2 ** 20;
  const read = async (request: ArrowRequest): Promise<RowBatch> => {
    running ??= new WatchedProcess(new URL("./arrow-process.ts", import.meta.url), bytes + reserved);
    const asked = running;
    const drop = async () => {
      running = null;
      await asked[Symbol.asyncDispose]();
    };
    // One that does not start is this machine's fault, and not the body's.
    await asked.ready().catch(async (error: unknown) => {
      await drop();
      throw error;
    });
    const asking = asked.ask(request, { seconds: limits.milliseconds / 1000, bytes });
    const reply = (await asking.catch(() => null)) as ArrowReply | null;
    if (reply === null) {
      await drop();
      throw new RefusedRequest(400, "the body is no Arrow IPC stream that can be read");
    }
    if ("batch" in reply) return reply.batch;
    const { status, message, problems } = reply.refused;
    throw new RefusedRequest(status, message, problems);
  };
  return {
    // One at a time: a body that ends the process takes nobody else's rows with it.
    read(body, signature) {
      const done = last.then(() => read({ body: new Uint8Array(body), signature }));
      last = done.catch(() => undefined);
      return done;
    },
    async [Symbol.asyncDispose]() {
      await running?.[Symbol.asyncDispose]();
    },
  };
}
