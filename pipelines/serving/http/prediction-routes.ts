import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { type Arrival, answerRows, type RowsAnswer, ScoringError } from "../answer-rows.ts";
import type { AnsweredRequest } from "../answered-request.ts";
import { type InferBody, inferSchema, readInferRequest } from "../inference/infer-request.ts";
import { inferAnswer, type WantedOutputs } from "../inference/infer-response.ts";
import { readTensorRows } from "../inference/tensor-rows.ts";
import type { ServedPair } from "../router.ts";
import type { RowBatch } from "../row-batch.ts";
import { readCsvRows } from "../rows/csv-rows.ts";
import { RefusedRequest } from "../rows/refused-request.ts";
import type { RowSignature } from "../rows/row-signature.ts";
import type { Admission } from "./admission.ts";
import { openJsonBodies, type ReadJsonBody } from "./bodies.ts";
import { mediaTypes, predictAnswer, wantedFormat } from "./predict-answer.ts";
import { type ServerContext, servedPair } from "./server-context.ts";

interface ModelRoute {
  Params: { model: string; version?: string };
}

/** The routes that answer rows. */
export function predictionRoutes(app: FastifyInstance, context: ServerContext, admission: Admission): void {
  // Nobody reads, or judges, a body for what is not there.
  const isServed: onRequestHookHandler = (request, _reply, done) => {
    const { model = "", version } = request.params as ModelRoute["Params"];
    servedPair(context, model, version);
    done();
  };
  const options = { onRequest: [admission.admit, isServed] };
  const readers = { arrow: context.arrow, json: openJsonBodies() };
  const infer = async (request: FastifyRequest<ModelRoute>, reply: FastifyReply) => {
    const arrival = arrivalOf(context);
    const { model, version } = request.params;
    const pair = servedPair(context, model, version);
    const { batch, wanted } = readTensors(request, pair.production.signature);
    const answer = await answerHeld(context, pair, batch, arrival);
    const by = { name: model, version: answer.version, ...(answer.versions ? { versions: answer.versions } : {}) };
    const { body, headerLength } = inferAnswer(wanted, answer.predictions, by);
    if (headerLength === null) reply.type("application/json; charset=utf-8");
    else reply.type("application/octet-stream").header("inference-header-content-length", headerLength);
    reply.send(body);
    tellAnswered(context, pair, answer.answered);
    return reply;
  };
  const inferOptions = { ...options, schema: { body: inferSchema } };
  app.post<ModelRoute>("/v2/models/:model/infer", inferOptions, infer);
  app.post<ModelRoute>("/v2/models/:model/versions/:version/infer", inferOptions, infer);

  const predict = async (request: FastifyRequest<ModelRoute>, reply: FastifyReply) => {
    const arrival = arrivalOf(context);
    const { model, version } = request.params;
    const pair = servedPair(context, model, version);
    const batch = await readRows(readers, request, pair.production.signature);
    letBodyGo(request);
    const answer = await answerHeld(context, pair, batch, arrival);
    const format = wantedFormat(request.headers.accept);
    const body = await predictAnswer(model, answer, format);
    reply.type(format === "json" ? "application/json; charset=utf-8" : mediaTypes[format]).send(body);
    tellAnswered(context, pair, answer.answered);
    return reply;
  };
  app.post<ModelRoute>("/models/:model/predict", options, predict);
  app.post<ModelRoute>("/models/:model/versions/:version/predict", options, predict);
}

function arrivalOf({ clock }: ServerContext): Arrival {
  return { time: clock.now().getTime(), steady: performance.now() };
}

function readTensors(request: FastifyRequest, signature: RowSignature): { batch: RowBatch; wanted: WantedOutputs } {
  const { inputs, ...wanted } = readInferRequest(request.body as InferBody, request.binary ?? Buffer.alloc(0));
  const batch = readTensorRows(inputs, signature);
  letBodyGo(request);
  return { batch, wanted };
}

/** What was read of it is enough, and thousands of rows that live while they are scored cost the collector as much as reading them. */
function letBodyGo(request: FastifyRequest): void {
  request.body = undefined;
  request.binary = null;
}

interface RowReaders extends Pick<ServerContext, "arrow"> {
  json: ReadJsonBody;
}

async function readRows(
  { arrow, json }: RowReaders,
  request: FastifyRequest,
  signature: RowSignature,
): Promise<RowBatch> {
  const type = (request.headers["content-type"] ?? mediaTypes.json).split(";", 1)[0]!.trim().toLowerCase();
  const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
  if (type === mediaTypes.json) return json(body, signature);
  if (type === mediaTypes.csv) return readCsvRows(body, signature);
  if (type === mediaTypes.arrow || type === "application/vnd.apache.arrow.file") return arrow.read(body, signature);
  throw new RefusedRequest(
    415,
    `rows cannot be ${type.slice(0, 100)}; send ${Object.values(mediaTypes).join(", ")} as Content-Type`,
  );
}

/** The versions of the pair stay until they have answered, whatever is promoted meanwhile. */
async function answerHeld(
  context: ServerContext,
  pair: ServedPair,
  batch: RowBatch,
  arrival: Arrival,
): Promise<RowsAnswer> {
  const { production, challenger } = pair;
  production.hold();
  challenger?.model.hold();
  try {
    return await answerRows(pair, batch, { router: context.router, arrival });
  } catch (error) {
    if (error instanceof ScoringError) tellAnswered(context, pair, error.answered);
    throw error;
  } finally {
    production.letGo();
    challenger?.model.letGo();
  }
}

function tellAnswered(context: ServerContext, pair: ServedPair, all: readonly AnsweredRequest[]): void {
  for (const answered of all) {
    context.usage.count(answered);
    context.predictionLog.onAnswered(answered);
    if (answered.arm === "production" && answered.predictions !== null) context.shadow(pair, answered);
  }
}
