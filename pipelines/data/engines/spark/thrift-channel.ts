import { HttpStatusError } from "../spark-sql/statement-error.ts";
import type { Endpoint } from "./thrift-session.ts";

/** What a transport and a protocol of the thrift library are to us. */
export interface ThriftLibrary {
  TBufferedTransport: { receiver(read: (message: unknown) => void): (data: Buffer) => void };
  TBinaryProtocol: new (message: unknown) => { readMessageBegin(): { fname: string; mtype: number; rseqid: number } };
}

/** The generated client: requests that wait for their answers, by number, and a reader for each kind of answer. */
interface GeneratedClient {
  _reqs: Record<number, (error: unknown) => void>;
  [reader: `recv_${string}`]: (protocol: unknown, type: number, request: number) => void;
}

/** The longest that one request may take; a statement runs on in the server and is asked for again. */
const requestMs = 120_000;

/**
 * Carries Thrift messages over HTTP for hive-driver. Its own connection does not check certificates, leaves a request without an
 * end when the server is away or says no, and knows no time limit.
 */
export class ThriftChannel {
  readonly transport: ThriftLibrary["TBufferedTransport"];
  readonly protocol: ThriftLibrary["TBinaryProtocol"];
  /** Set by the thrift library. */
  client: GeneratedClient | undefined;
  readonly #endpoint: Endpoint;
  readonly #cookies = new Map<string, string>();

  constructor(endpoint: Endpoint, { TBufferedTransport, TBinaryProtocol }: ThriftLibrary) {
    this.#endpoint = endpoint;
    this.transport = TBufferedTransport;
    this.protocol = TBinaryProtocol;
  }

  /** Called by the thrift library with one whole request. */
  write(message: Uint8Array<ArrayBuffer>, request: number): void {
    this.#send(message).then(
      (answer) => this.#read(answer, request),
      (error: unknown) => this.#fail(request, error),
    );
  }

  /** hive-driver listens for events of its own connection; here every failure goes to the request that it is of. */
  on(): void {}

  async #send(message: Uint8Array<ArrayBuffer>): Promise<Buffer> {
    const { url, authorization } = this.#endpoint;
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      method: "POST",
      body: message,
      redirect: "error",
      signal: AbortSignal.timeout(requestMs),
      headers: { "content-type": "application/x-thrift", authorization, ...(cookie === "" ? {} : { cookie }) },
    });
    for (const each of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(each) ?? [];
      if (name !== undefined) this.#cookies.set(name.trim(), value ?? "");
    }
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status !== 200) throw new HttpStatusError(response.status);
    return bytes;
  }

  #read(answer: Buffer, request: number): void {
    try {
      this.transport.receiver((message) => {
        const protocol = new this.protocol(message);
        const { fname, mtype, rseqid } = protocol.readMessageBegin();
        this.client?.[`recv_${fname}`]?.(protocol, mtype, rseqid);
      })(answer);
    } catch (error) {
      this.#fail(request, error);
    }
    // What was answered is no longer there; an answer to something else leaves it.
    this.#fail(request, new Error("the server's answer is not one to the request"));
  }

  #fail(request: number, error: unknown): void {
    const waiting = this.client?._reqs[request];
    delete this.client?._reqs[request];
    waiting?.(error);
  }
}
