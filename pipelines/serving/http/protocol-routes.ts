import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { outputTensors } from "../inference/infer-response.ts";
import type { ServedModel } from "../served-model.ts";
import { type ServerContext, servedPair, versionsOf } from "./server-context.ts";

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
