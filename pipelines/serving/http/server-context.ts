import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { didYouMean } from "../../errors/expected-error.ts";
import type { Clock, Log } from "../../ports/host.ts";
import type { ArrowReader } from "../arrow/arrow-reader.ts";
import { RefusedRequest, type Router, type ServedModel, type ServedPair, type ServingLog } from "../served-model.ts";
import type { ModelTable, ServingFacts, StatusPage, TableEntry } from "../serving-facts.ts";
import type { ScoringThreads } from "../threads/scoring-threads.ts";
import type { UsageBook } from "../usage.ts";

/** How much a server takes on at once. */
export interface ServerLimits {
  /** Requests that are read or scored; more are sent away with 503. */
  requests: number;
  /** Bytes of their bodies together. */
  bytes: number;
  /** Bytes of one body. */
  body: number;
  /** Milliseconds that reading an Arrow body may take. */
  arrow: number;
  /** Milliseconds that a client has for sending a whole request. */
  requestTimeout: number;
  /** Milliseconds that a connection may be silent, also while it is to take an answer. */
  silence: number;
}

export const defaultLimits: ServerLimits = {
  requests: 1024,
  bytes: 256 * 1024 * 1024,
  body: 16 * 1024 * 1024,
  arrow: 5000,
  requestTimeout: 30_000,
  silence: 75_000,
};

/** What the routes need. */
export interface ServerContext {
  table: ModelTable;
  usage: UsageBook;
  threads: Pick<ScoringThreads, "lost">;
  router: Router;
  log: Log;
  clock: Clock;
  predictionLog: ServingLog;
  arrow: ArrowReader;
  /** Gives a shadow its copy of rows that were answered. */
  shadow(pair: ServedPair, answered: Parameters<ServingLog["onAnswered"]>[0]): void;
  facts(): ServingFacts;
  page: StatusPage;
  pageHeaders: Readonly<Record<string, string>>;
  limits: ServerLimits;
  /** Ready once the first models are loaded. An ending server answers what still comes, and says that it is not ready. */
  state(): "starting" | "ready" | "ending";
  /** Callers must bring this; null: anybody may call. */
  token: string | null;
  /** With which the forge signs what it sends; null: nothing is taken from it. */
  webhookSecret: string | null;
  /** Called when the registry may have moved. */
  wake(): void;
  tool: string;
}

/** What answers under a name, or under one of its versions. Throws RefusedRequest (404) with the reason. */
export function servedPair({ table }: Pick<ServerContext, "table">, name: string, version?: string): ServedPair {
  const entry = table.get(name);
  if (!entry) throw new RefusedRequest(404, unknownModel(name, table.all()));
  if (!entry.pair) throw new RefusedRequest(404, whyNothing(entry));
  if (version === undefined) return entry.pair;
  const model = versionsOf(entry).find((each) => String(each.version) === version);
  if (model) return { production: model, challenger: null };
  const served = versionsOf(entry).map((each) => each.version);
  throw new RefusedRequest(
    404,
    `${name}@${version.slice(0, 20)} is not served; ${name} answers as version ${served.join(" and ")}`,
  );
}

/** The versions that an entry serves, production first. */
export function versionsOf({ pair }: TableEntry): ServedModel[] {
  if (!pair) return [];
  return pair.challenger ? [pair.production, pair.challenger.model] : [pair.production];
}

function unknownModel(name: string, all: readonly TableEntry[]): string {
  const names = all.map((each) => each.name);
  const meant = didYouMean(name, names);
  const hint =
    meant !== null
      ? `did you mean ${meant}?`
      : names.length > 0
        ? `it serves ${names.slice(0, 20).join(", ")}`
        : "it serves none";
  return `this server has no model ${JSON.stringify(name.slice(0, 100))}; ${hint}`;
}

function whyNothing({ name, undeployed, failures }: TableEntry): string {
  return undeployed ?? `${name} could not be loaded: ${failures[0]?.problem ?? "it is not known why"}`;
}

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
