import { inferSchema } from "../inference/infer-request.ts";
import type { ServedModel } from "../served-model.ts";
import type { TableEntry } from "../serving-facts.ts";
import { mediaTypes } from "./predict-answer.ts";
import type { ServerContext } from "./server-context.ts";

type Json = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 of this server as it is now: what rows of each model have, and the Open Inference Protocol. */
export function describeApi({ table, tool, token }: Pick<ServerContext, "table" | "tool" | "token">): Json {
  const models = table.all().filter(({ pair }) => pair !== null);
  return {
    openapi: "3.1.0",
    // Below wherever this document is, also behind a proxy that answers under a path.
    servers: [{ url: "." }],
    info: { title: "mergeml serve", version: tool, description: "Predictions of the models that are in production." },
    paths: { ...Object.fromEntries(models.map(predictPath)), ...protocolPaths(), ...toolPaths() },
    components: {
      schemas: { Error: errorSchema, InferRequest: inferSchema, InferResponse: inferResponse },
      ...(token === null ? {} : { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } }),
    },
    ...(token === null ? {} : { security: [{ bearer: [] }] }),
  };
}

const errorSchema: Json = {
  type: "object",
  required: ["error"],
  properties: {
    error: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["row", "column", "message"],
        properties: {
          row: { type: ["integer", "null"], description: "Counts from 1." },
          column: { type: ["string", "null"] },
          message: { type: "string" },
        },
      },
    },
  },
};

const inferResponse: Json = {
  type: "object",
  required: ["model_name", "model_version", "outputs"],
  properties: {
    model_name: { type: "string" },
    model_version: { type: "string" },
    id: { type: "string" },
    outputs: { type: "array", items: { type: "object" } },
  },
};

function predictPath({ name, pair }: TableEntry): [string, Json] {
  const { production } = pair!;
  const { query: _, config } = production.record.candidate;
  const row = rowSchema(production);
  const body = {
    content: { [mediaTypes.json]: { schema: { type: "array", items: row, minItems: 1 } }, ...otherRows },
    required: true,
  };
  const operation = {
    operationId: `predict-${name}`,
    summary: `Predictions of ${name}, version ${production.version}`,
    ...("description" in config && config.description ? { description: String(config.description) } : {}),
    requestBody: body,
    responses: { 200: json("Predictions in the order of the rows", answerSchema(production)), ...failures },
  };
  return [`/models/${name}/predict`, { post: operation }];
}

const otherRows: Json = {
  [mediaTypes.csv]: { schema: { type: "string", description: "With a header; an empty field is a missing value." } },
  [mediaTypes.arrow]: { schema: { description: "An Arrow IPC stream." } },
};

function rowSchema({ record: { candidate } }: ServedModel): Json {
  const types = { number: ["number", "null"], boolean: ["boolean", "null"], category: ["string", "null"] };
  const features = candidate.features.map(({ name, kind }) => [name, { type: types[kind] }]);
  const key = candidate.config.features.key.map((name) => [name, { type: ["string", "number", "null"] }]);
  return {
    type: "object",
    required: candidate.features.map(({ name }) => name),
    properties: Object.fromEntries([...key, ...features]),
  };
}

function answerSchema({ record: { candidate } }: ServedModel): Json {
  const { classes } = candidate;
  const label = { type: "string", enum: classes };
  const probabilities = {
    type: "object",
    properties: Object.fromEntries(classes.map((name) => [name, { type: "number" }])),
  };
  const one = classes.length === 0 ? { type: "number" } : { type: "object", properties: { label, probabilities } };
  return {
    type: "object",
    required: ["model", "version", "predictions"],
    properties: { model: { type: "string" }, version: { type: "integer" }, predictions: { type: "array", items: one } },
  };
}

function json(description: string, schema: Json): Json {
  return { description, content: { [mediaTypes.json]: { schema } } };
}

const error = (description: string) => json(description, { $ref: "#/components/schemas/Error" });

const failures: Json = {
  400: error("The body is malformed"),
  404: error("There is no such model in production"),
  413: error("The body is too large"),
  422: error("A row has a wrong column or value, which `problems` names"),
  500: error("The model failed"),
  503: error("The server has as much to do as it can, or is not ready"),
};

function protocolPaths(): Json {
  const model = { name: "model", in: "path", required: true, schema: { type: "string" } };
  const version = { name: "version", in: "path", required: true, schema: { type: "string" } };
  const get = (summary: string, parameters: readonly Json[] = []) => ({
    get: { summary, parameters, responses: { 200: json("The answer", { type: "object" }), 404: failures[404] } },
  });
  const infer = (parameters: readonly Json[]) => ({
    post: {
      summary: "Predictions for tensors, in JSON or with the binary tensor extension",
      parameters,
      requestBody: {
        required: true,
        content: { [mediaTypes.json]: { schema: { $ref: "#/components/schemas/InferRequest" } } },
      },
      responses: { 200: json("The outputs", { $ref: "#/components/schemas/InferResponse" }), ...failures },
    },
  });
  return {
    "/v2/health/live": get("Whether the server runs"),
    "/v2/health/ready": {
      get: {
        summary: "Whether it takes requests",
        responses: { 200: { description: "It does" }, 503: { description: "It does not" } },
      },
    },
    "/v2": get("The server"),
    "/v2/models": get("The models"),
    "/v2/models/{model}": get("A model's inputs and outputs", [model]),
    "/v2/models/{model}/ready": get("Whether a model answers", [model]),
    "/v2/models/{model}/infer": infer([model]),
    "/v2/models/{model}/versions/{version}": get("Inputs and outputs of a version", [model, version]),
    "/v2/models/{model}/versions/{version}/ready": get("Whether a version answers", [model, version]),
    "/v2/models/{model}/versions/{version}/infer": infer([model, version]),
  };
}

function toolPaths(): Json {
  const text = (summary: string, type: string) => ({
    get: { summary, responses: { 200: { description: summary, content: { [type]: { schema: { type: "string" } } } } } },
  });
  return {
    "/": text("The status page", "text/html"),
    "/metrics": text("Numbers for Prometheus", "text/plain"),
    "/webhook": {
      post: {
        summary: "Takes push, repository_dispatch and deployment of a forge, signed with X-Hub-Signature-256",
        requestBody: { content: { [mediaTypes.json]: { schema: { type: "object" } } } },
        responses: {
          200: { description: "Nothing to look after" },
          202: { description: "Looking" },
          401: error("Not signed"),
        },
      },
    },
  };
}
