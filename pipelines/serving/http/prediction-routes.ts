import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { type Arrival, answerRows, type RowsAnswer, ScoringError } from "../answer-rows.ts";
import { type InferBody, inferSchema, readInferRequest, readTensorRows } from "../inference/infer-request.ts";
import { inferAnswer, outputTensors, type WantedOutputs } from "../inference/infer-response.ts";
import { readCsvRows } from "../rows/csv-rows.ts";
import { jsonRowList, readJsonRows, scanJsonRows } from "../rows/scan-rows.ts";
import {
  type AnsweredRequest,
  RefusedRequest,
  type RowBatch,
  type RowSignature,
  type ServedModel,
  type ServedPair,
} from "../served-model.ts";
import { mediaTypes, predictAnswer, wantedFormat } from "./predict-answer.ts";
import { type Admission, type ServerContext, servedPair, versionsOf } from "./server-context.ts";

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

type ModelRequest = FastifyRequest<{ Params: { model: string; version?: string } }>;

/** Health and metadata of the Open Inference Protocol v2. */
export function protocolRoutes(app: FastifyInstance, context: ServerContext): void {
  app.get("/v2/health/live", (_request, reply) => {
    reply.send({ live: true });
  });
  app.get("/v2/health/ready", (_request, reply) => {
    const ready = context.state() === "ready";
    reply.code(ready ? 200 : 503).send({ ready });
  });
  app.get("/v2", (_request, reply) => {
    reply.send({ name: "mergeml", version: context.tool, extensions: ["binary_tensor_data"] });
  });
  app.get("/v2/models", (_request, reply) => {
    const models = context.table.all().map((entry) => {
      const versions = versionsOf(entry).map(({ version }) => String(version));
      return {
        name: entry.name,
        versions,
        state: entry.pair ? "READY" : "UNAVAILABLE",
        reason: entry.undeployed ?? "",
      };
    });
    reply.send({ models });
  });
  const metadata = (request: ModelRequest, reply: FastifyReply) => {
    const { model, version } = request.params;
    const pair = servedPair(context, model, version);
    const entry = context.table.get(model)!;
    const versions = version === undefined ? versionsOf(entry).map((each) => String(each.version)) : [version];
    reply.send(describeModel(pair.production, versions));
  };
  app.get("/v2/models/:model", metadata);
  app.get("/v2/models/:model/versions/:version", metadata);
  const ready = (request: ModelRequest, reply: FastifyReply) => {
    const { model, version } = request.params;
    servedPair(context, model, version);
    reply.send({ name: model, ready: true });
  };
  app.get("/v2/models/:model/ready", ready);
  app.get("/v2/models/:model/versions/:version/ready", ready);
}

const datatypes = { number: "FP64", boolean: "BOOL", category: "BYTES" } as const;

function describeModel({ name, record: { candidate } }: ServedModel, versions: readonly string[]): object {
  const inputs = candidate.features.map((feature) => ({
    name: feature.name,
    datatype: datatypes[feature.kind],
    shape: [-1, 1],
  }));
  return { name, versions, platform: "onnxruntime_onnx", inputs, outputs: outputTensors(candidate.classes, -1) };
}

/** What programs write for numbers that JSON does not have. */
const notFinite = " (it has no NaN and no Infinity; null stands for a missing value)";

/** JSON of a body. Throws RefusedRequest (400) that says where it breaks off. */
function parseJson(body: Uint8Array): unknown {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length === 0) throw new RefusedRequest(400, "the body is empty; JSON was expected");
  if (!isUtf8(bytes)) throw new RefusedRequest(400, "the body is not valid UTF-8, which JSON is");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    const { message } = error as Error;
    const hint = /^Unexpected token '[NI]'|^No number after minus sign/.test(message) ? notFinite : "";
    throw new RefusedRequest(400, `the body is not valid JSON${hint}: ${message.slice(0, 200)}`);
  }
}

/** Bytes of a body from which on it is worth while to learn the order of its names. */
const worthScanning = 2048;

/** Reads rows by column name, one body after the other. Throws RefusedRequest: 400 for what is no JSON, 422 that names row and column. */
type ReadJsonBody = (body: Buffer, signature: RowSignature) => RowBatch;

export function openJsonBodies(): ReadJsonBody {
  const room = { bytes: Buffer.alloc(0) };
  return (body, signature) => {
    const scanned = body.length >= worthScanning && isUtf8(body) ? scanJsonRows(body, signature, room) : null;
    return scanned ?? readJsonRows(jsonRowList(parseJson(body)), signature);
  };
}

/** A body of the binary tensor extension: its JSON, and the bytes behind it. Without a length all of it is JSON. */
export function splitInferBody(body: Buffer, header: string | string[] | undefined): { json: unknown; binary: Buffer } {
  if (header === undefined) return { json: parseJson(body), binary: body.subarray(body.length) };
  const length = typeof header === "string" && /^\d{1,10}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= body.length))
    throw new RefusedRequest(
      400,
      "Inference-Header-Content-Length is not the length of JSON at the beginning of the body",
    );
  return { json: parseJson(body.subarray(0, length)), binary: body.subarray(length) };
}
