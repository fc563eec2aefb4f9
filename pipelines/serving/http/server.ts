import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { formatNumber } from "../../statistics/format-number.ts";
import { ScoringError } from "../answer-rows.ts";
import { RefusedRequest } from "../served-model.ts";
import type { Metrics } from "./metrics.ts";
import { describeApi } from "./openapi.ts";
import { predictionRoutes, protocolRoutes, splitInferBody } from "./prediction-routes.ts";
import { defaultLimits, hasToken, openAdmission, type ServerContext } from "./server-context.ts";
import { openTally, type Tally } from "./tally.ts";
import { openBodyValidators, openWebhook } from "./webhook.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The bytes behind the JSON of the binary tensor extension. */
    binary: Buffer | null;
  }
}

/** The HTTP server, not listening yet. */
export interface HttpServer {
  app: FastifyInstance;
  tally: Tally;
  /** Loads what checks bodies and what formats metrics, so that the first who asks need not wait for it. */
  warmUp(): Promise<void>;
}

/** Puts the routes together. */
export function openHttpServer(context: ServerContext): HttpServer {
  const { limits } = context;
  const validators = openBodyValidators();
  const app = Fastify({
    logger: false,
    bodyLimit: limits.body,
    requestTimeout: limits.requestTimeout,
    connectionTimeout: limits.silence,
    keepAliveTimeout: limits.silence,
    forceCloseConnections: "idle",
    // What has come is answered, also while the server is ending.
    return503OnClosing: false,
    // Node takes the longer of the two for a whole request, and a minute for its head where it is not told.
    http: {
      connectionsCheckingInterval: Math.min(5000, limits.requestTimeout),
      headersTimeout: limits.requestTimeout,
      requestTimeout: limits.requestTimeout,
    },
    schemaController: {
      // Its types know Ajv's own functions alone.
      compilersFactory: {
        buildValidator: (() => validators.compile) as never,
        buildSerializer: () => () => JSON.stringify,
      },
    },
    frameworkErrors: (error, _request, reply) => void sendError(context, tally, error, reply),
  });
  const admission = openAdmission(context);
  const tally = openTally();
  let metrics: Promise<Metrics> | undefined;
  const openedMetrics = () =>
    (metrics ??= import("./metrics.ts").then(({ openMetrics }) => openMetrics(context, admission, tally)));
  app.decorateRequest("binary", null);
  readBodies(app);
  if (context.token !== null) requireToken(app, context.token);
  app.setErrorHandler((error: FastifyError, _request, reply) => sendError(context, tally, error, reply));
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ error: `there is no ${request.method} ${request.url.slice(0, 200)}; see /openapi.json` });
  });
  protocolRoutes(app, context);
  predictionRoutes(app, context, admission);
  toolRoutes(app, context, openedMetrics);
  return { app, tally, warmUp: async () => void (await Promise.all([validators.load(), openedMetrics()])) };
}

/** Tensors are parsed here, so that their schema can be checked; all other bodies go on as bytes. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const read = (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void) => {
    try {
      done(null, bodyOf(request, body));
    } catch (error) {
      done(error as Error);
    }
  };
  app.addContentTypeParser("*", { parseAs: "buffer" }, read);
}

function bodyOf(request: FastifyRequest, body: Buffer): unknown {
  const { url = "" } = request.routeOptions;
  if (url.endsWith("/infer")) {
    const { json, binary } = splitInferBody(body, request.headers["inference-header-content-length"]);
    request.binary = binary;
    return json;
  }
  return body;
}

/** Probes ask without one. */
const open = new Set(["/v2/health/live", "/v2/health/ready", "/webhook"]);

function requireToken(app: FastifyInstance, token: string): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (open.has(request.routeOptions.url ?? "") || hasToken(request.headers.authorization, token)) done();
    else
      reply
        .code(401)
        .header(
          "www-authenticate",
          request.routeOptions.url === "/" ? 'Basic realm="mergeml", charset="UTF-8"' : "Bearer",
        )
        .send({ error: "this server wants a token: send it as Authorization: Bearer …" });
  });
}

/** Every error is JSON with `error` in words; what is wrong with rows is in `problems` too. */
function sendError({ log }: ServerContext, tally: Tally, error: FastifyError | Error, reply: FastifyReply): void {
  const { status, message, problems } = told(error, reply.request.routeOptions.bodyLimit);
  tally.refuse(status);
  if (status >= 500)
    log.warn(
      `a request was answered with ${status}: ${error instanceof ScoringError ? error.message : (error.stack ?? error.message)}`,
    );
  if (status === 503) reply.header("retry-after", "1");
  reply.code(status).send({ error: message, ...(problems && problems.length > 0 ? { problems } : {}) });
}

function told(
  error: FastifyError | Error,
  limit = defaultLimits.body,
): { status: number; message: string; problems?: RefusedRequest["problems"] } {
  if (error instanceof RefusedRequest)
    return { status: error.status, message: error.message, problems: error.problems };
  if (error instanceof ScoringError) return { status: 500, message: error.message };
  const { code = "", statusCode = 500, validation } = error as FastifyError;
  if (validation) return { status: 400, message: `the body is no such request: ${error.message}` };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return {
      status: 413,
      message: `the body is above ${formatNumber(limit / 2 ** 20, 3)} MiB; send fewer rows at a time`,
    };
  if (code.startsWith("FST_") && statusCode < 500) return { status: statusCode, message: error.message };
  return { status: 500, message: "the server made a mistake; its log says which" };
}

/** What is there beside the protocol. */
function toolRoutes(app: FastifyInstance, context: ServerContext, openedMetrics: () => Promise<Metrics>): void {
  app.get("/", (_request, reply) => {
    reply.headers(context.pageHeaders).send(context.page(context.facts()));
  });
  app.get("/metrics", async (_request, reply) => {
    const metrics = await openedMetrics();
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
  app.get("/openapi.json", (_request, reply) => {
    reply.send(describeApi(context));
  });
  const { webhookSecret: secret } = context;
  const { branch } = context.facts().registry;
  const webhook = secret === null ? null : openWebhook({ secret, branch, wake: context.wake });
  app.post("/webhook", { bodyLimit: 25 * 1024 * 1024 }, (request, reply) => {
    if (webhook === null)
      throw new RefusedRequest(403, "this server takes no webhooks: it was started without MERGEML_WEBHOOK_SECRET");
    const { headers } = request;
    const header = (name: string) => (typeof headers[name] === "string" ? headers[name] : undefined);
    const outcome = webhook.take({
      signature: header("x-hub-signature-256"),
      event: header("x-github-event"),
      id: header("x-github-delivery"),
      body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
    });
    reply.code(outcome.woken ? 202 : 200).send(outcome);
  });
}
