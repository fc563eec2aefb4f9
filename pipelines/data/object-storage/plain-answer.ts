import { type IncomingHttpHeaders, validateHeaderValue } from "node:http";
import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { HashedFile } from "./hashed-file.ts";

interface PlainRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** Bytes that are read at once until it is known where they go, and the longest head that is read. */
const headBytes = 64 * 1024;

/**
 * Sends a GET on a connection of its own whose body is read to where it is wanted, a megabyte at a time: Node's parser copies each
 * piece, which takes longer than all the rest. null when the answer is not of the simplest kind, a length and then its bytes: who asks
 * Node's parser gets it. Throws when there is no connection.
 */
export async function openPlainAnswer(asked: PlainRequest, signal: AbortSignal): Promise<Answer | null> {
  const reader = new BodyReader(asked.url, signal);
  try {
    reader.socket.write(headOf(asked));
    const head = parseHead(await reader.head());
    if (head === null) {
      reader.socket.destroy();
      return null;
    }
    return {
      ...head,
      pour: (file, most) => reader.pour(file, Number(head.headers["content-length"]), most),
      drop: () => void reader.socket.destroy(),
    };
  } catch (error) {
    reader.socket.destroy();
    throw error;
  }
}

function headOf({ url, headers }: PlainRequest): string {
  const { pathname, search, host } = new URL(url);
  const all = { "user-agent": "mergeml", accept: "*/*", ...headers, host, connection: "close" };
  for (const [name, value] of Object.entries(all)) validateHeaderValue(name, value);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** null for what a parser of all of HTTP should see. */
function parseHead(head: string): Pick<Answer, "status" | "headers"> | null {
  const [first = "", ...lines] = head.split("\r\n");
  const [, status] = /^HTTP\/1\.[01] ([2-5]\d\d)(?: |$)/.exec(first) ?? [];
  const fields = lines.map((line) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line));
  if (status === undefined || fields.includes(null)) return null;
  const names = fields.map((field) => field![1]!.toLowerCase());
  const headers: IncomingHttpHeaders = Object.fromEntries(names.map((name, at) => [name, fields[at]![2]!]));
  const isPlain =
    /^\d{1,15}$/.test(headers["content-length"] ?? "") &&
    names.filter((name) => name === "content-length").length === 1 &&
    headers["transfer-encoding"] === undefined &&
    headers["content-encoding"] === undefined;
  return isPlain ? { status: Number(status), headers } : null;
}

/** A connection whose bytes go to memory that is chosen as they come. */
class BodyReader {
  readonly socket: Socket;
  readonly #spare = Buffer.allocUnsafeSlow(headBytes);
  #flows = false;
  #ended: { error: Error } | null = null;
  #file: HashedFile | null = null;
  /** What the file has taken when it is whole. */
  #until = 0;
  /** Came before it was known where it goes. */
  #early = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(url: string, signal: AbortSignal) {
    this.socket = connectTo(url, {
      // What comes after a rest goes to the spare memory: by then the file's may have been filled by others.
      buffer: () => (this.#flows ? this.#file?.room() : null) ?? this.#spare,
      callback: (bytes, into) => {
        this.#flows = this.#arrived(into.subarray(0, bytes));
        return this.#flows;
      },
    });
    const end = (error: Error) => {
      this.#ended ??= { error };
      this.#wake();
    };
    const abort = () => this.socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    this.socket.on("error", end);
    this.socket.on("end", () => end(new Error("its answer ends early")));
    this.socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      end(new Error("the connection was closed"));
    });
  }

  /** Up to the empty line. */
  async head(): Promise<string> {
    for (;;) {
      const end = this.#early.indexOf("\r\n\r\n");
      if (end >= 0) {
        const head = this.#early.toString("latin1", 0, end);
        this.#early = this.#early.subarray(end + 4);
        return head;
      }
      if (this.#early.length > headBytes) throw new Error("the head of its answer is too long");
      await this.#more();
    }
  }

  async pour(file: HashedFile, length: number, most: number): Promise<void> {
    try {
      if (length > most) throw new FinalError(`it is larger than ${most} bytes`);
      this.#until = file.taken + length;
      for (;;) {
        if (this.#early.length > 0) await this.#appendEarly(file);
        this.#file = file;
        if (file.taken > this.#until) throw new FinalError(`it is larger than ${length} bytes`);
        if (file.taken === this.#until) return;
        await file.hasRoom();
        if (this.#early.length === 0 && file.taken < this.#until) await this.#more();
      }
    } finally {
      this.#file = null;
      this.socket.destroy();
    }
  }

  /** A connection that is encrypted gives what it has decrypted even when it was asked to wait: that comes behind this. */
  async #appendEarly(file: HashedFile): Promise<void> {
    this.#file = null;
    const early = this.#early;
    this.#early = Buffer.alloc(0);
    await file.append(early);
    if (this.#early.length > 0) await this.#appendEarly(file);
  }

  /** Lets bytes come until there is no room for more, or there is something to look at. */
  async #more(): Promise<void> {
    this.#throwEnd();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.socket.resume();
    await woken;
    const isWhole = this.#file !== null && this.#file.taken >= this.#until;
    if (this.#early.length === 0 && !isWhole) this.#throwEnd();
  }

  #throwEnd(): void {
    if (this.#ended) throw this.#ended.error;
  }

  /** Whether more may come at once. */
  #arrived(bytes: Uint8Array): boolean {
    const file = this.#early.length === 0 ? this.#file : null;
    const rest = file === null ? bytes : takeOf(file, bytes, bytes.buffer === this.#spare.buffer);
    if (rest.length > 0) this.#early = Buffer.concat([this.#early, rest]);
    else if (file !== null && file.taken < this.#until && file.room() !== null) return true;
    this.#wake();
    return false;
  }
}

/** Gives a file bytes that are in its own memory, or lie elsewhere, as far as there is room for these; gives the rest. */
function takeOf(file: HashedFile, bytes: Uint8Array, isElsewhere: boolean): Uint8Array {
  if (!isElsewhere) {
    file.take(bytes.length);
    return bytes.subarray(bytes.length);
  }
  let rest = bytes;
  for (let room = file.room(); room !== null && rest.length > 0; room = file.room()) {
    const part = rest.subarray(0, room.length);
    room.set(part);
    file.take(part.length);
    rest = rest.subarray(part.length);
  }
  return rest;
}

function connectTo(url: string, onread: OnReadOpts): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol !== "https:") return connectPlain({ host, port: Number(port || 80), onread });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const options = { host, port: Number(port || 443), ALPNProtocols: ["http/1.1"], ...servername, onread };
  return connectSecurely(options);
}

/** An answer whose body is not read yet. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Appends the body to a file, up to `most` bytes. Throws FinalError for more, and anything else for a cut; the file has what came before. */
  pour(file: HashedFile, most: number): Promise<void>;
  /** Leaves the body where it is. */
  drop(): void;
}

/** An error that is no cut: asking again would not help. */
export class FinalError extends Error {}
