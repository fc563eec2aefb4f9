import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "./server-context.ts";

/** What is being worked on. */
export interface Admission {
  /** Requests that were taken and not answered yet. */
  inFlight(): number;
  /** Sends a request away with 503 when there is too much to do, else counts it until its connection is done with it. */
  admit(request: FastifyRequest, reply: FastifyReply, done: () => void): void;
}

/** Seconds after which a client that was sent away may come again. */
const retryAfter = "1";

/** Holds memory and waiting time within limits, whatever comes. */
export function openAdmission({ limits, state }: Pick<ServerContext, "limits" | "state">): Admission {
  let [requests, bytes] = [0, 0];
  return {
    inFlight: () => requests,
    admit(request, reply, done) {
      const length = Number(request.headers["content-length"] ?? limits.body);
      const size = Number.isFinite(length) ? Math.min(length, limits.body) : limits.body;
      const full = requests >= limits.requests || bytes + size > limits.bytes;
      if (state() === "ending") reply.header("connection", "close");
      if (full || state() === "starting") {
        const error = full
          ? "the server has as much to do as it can; send the request again"
          : "the models are being loaded";
        reply.code(503).header("retry-after", retryAfter).header("connection", "close").send({ error });
        return;
      }
      requests += 1;
      bytes += size;
      reply.raw.once("close", () => {
        requests -= 1;
        bytes -= size;
      });
      done();
    },
  };
}

/**
 * Whether a request brings the token, in a time that does not tell how much of it was right. As a password of whatever name it is
 * as good: a browser has no other way.
 */
export function hasToken(header: string | undefined, token: string): boolean {
  const [, scheme = "", credentials = ""] = /^(Bearer|Basic) (.+)$/i.exec(header ?? "") ?? [];
  const isBasic = scheme.toLowerCase() === "basic";
  const given = isBasic
    ? Buffer.from(credentials, "base64")
        .toString("utf8")
        .replace(/^[^:]*:/, "")
    : credentials;
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
