import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { descriptionFile } from "./fetch-description.ts";
import type { Description, Operation, Parameter } from "./reduce-description.ts";

/** A request and its answer, as they were sent. */
interface Exchange {
  method: string;
  /** With its query. */
  url: string;
  text: string;
  status: number;
  body: string;
}

/** Holds exchanges against GitHub's description of its API; gives what is wrong with one, nothing when it conforms. */
export type Conformance = (exchange: Exchange) => string[];

interface Route {
  template: string;
  method: string;
  pattern: RegExp;
  operation: Operation;
}

const id = "github";

let read: Conformance | undefined; // what Ajv compiles is kept for all tests of a process

export function githubConformance(): Conformance {
  return (read ??= conformanceTo(JSON.parse(readFileSync(descriptionFile, "utf8")) as Description));
}

function conformanceTo(description: Description): Conformance {
  const ajv = new Ajv({ strict: false, logger: false, coerceTypes: false, allErrors: true, validateSchema: false });
  ajv.addFormat("uri", (text: string) => URL.canParse(text));
  ajv.addFormat("date-time", (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text));
  ajv.addSchema(description, id);
  const routes = routesOf(description);
  const at = (...path: string[]) => validator(ajv, path);
  return (exchange) => {
    const [path = ""] = exchange.url.split("?");
    const route = routes.find(({ method, pattern }) => method === exchange.method && pattern.test(path));
    if (!route) return [`${exchange.method} ${path}: GitHub has no such route`];
    const problems = [
      ...queryProblems(description, route, exchange, ajv),
      ...(exchange.status === 422 ? [] : bodyProblems(route, exchange, at)), // GitHub itself said so
      ...answerProblems(description, route, exchange, at),
    ];
    return problems.map((problem) => `${route.method} ${route.template}: ${problem}`);
  };
}

/** Those with the fewest parameters first, so that a fixed word wins over a parameter. */
function routesOf({ paths }: Description): Route[] {
  const routes = Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const pattern = new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`);
      return { template, method: method.toUpperCase(), pattern, operation };
    }),
  );
  const openness = ({ template }: Route) => template.split("{").length;
  return routes.sort((a, b) => openness(a) - openness(b));
}

function validator(ajv: Ajv, path: string[]): ValidateFunction {
  const pointer = path.map((each) => encodeURIComponent(each.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
  const $ref = `${id}#/${pointer}`;
  return ajv.getSchema($ref) ?? ajv.compile({ $ref });
}

function told(validate: ValidateFunction, value: unknown, what: string): string[] {
  if (validate(value)) return [];
  const errors = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const detail = "allowedValues" in params ? ` ${params.allowedValues.join(", ")}` : "";
    return `${what}${instancePath} ${message}${detail}`;
  });
  return [...new Set(errors)].slice(0, 8);
}

function queryProblems(description: Description, { operation }: Route, { url }: Exchange, ajv: Ajv): string[] {
  const parameters = (operation.parameters ?? []).map((each) => resolved<Parameter>(description, each));
  const given = new URL(url, "http://github").searchParams;
  return [...given].flatMap(([name, text]) => {
    const parameter = parameters.find((each) => each.in === "query" && each.name === name);
    if (!parameter) return [`the query has ${name}, which GitHub does not know`];
    const { type } = parameter.schema;
    const value = type === "integer" ? Number(text) : type === "boolean" ? text === "true" : text;
    return told(ajv.compile(parameter.schema), value, `query ${name}`);
  });
}

type At = (...path: string[]) => ValidateFunction;

function bodyProblems({ template, method, operation }: Route, { text }: Exchange, at: At): string[] {
  if (text === "") return [];
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  if (!schema) return ["GitHub takes no body"];
  const value = JSON.parse(text) as Record<string, unknown>;
  const known = propertiesOf(schema);
  const odd = Object.keys(value).filter((key) => known.size > 0 && !known.has(key));
  const place = ["paths", template, method.toLowerCase(), "requestBody", "content", "application/json", "schema"];
  return [
    ...odd.map((key) => `the request has ${key}, which GitHub does not know`),
    ...told(at(...place), value, "request"),
  ];
}

/** Names at the top of a schema, of all its alternatives. */
function propertiesOf(schema: unknown): Set<string> {
  const { properties = {}, oneOf = [], anyOf = [], allOf = [] } = schema as Record<string, never[]>;
  return new Set([
    ...Object.keys(properties),
    ...[...oneOf, ...anyOf, ...allOf].flatMap((each) => [...propertiesOf(each)]),
  ]);
}

function answerProblems(
  description: Description,
  { template, method, operation }: Route,
  { status, body }: Exchange,
  at: At,
): string[] {
  const response = operation.responses[status];
  if (!response) return status < 400 ? [`GitHub does not answer ${status}`] : [];
  const reference = response.$ref?.slice(2).split("/");
  const place = reference ?? ["paths", template, method.toLowerCase(), "responses", `${status}`];
  const known = resolved<Operation["responses"][string]>(description, response);
  if (!known.content?.["application/json"]) return [];
  return told(at(...place, "content", "application/json", "schema"), JSON.parse(body), `answer ${status}`);
}

function resolved<T>(description: Description, value: T | { $ref?: string }): T {
  const reference = (value as { $ref?: string }).$ref;
  if (!reference) return value as T;
  const [, , kind = "", name = ""] = reference.split("/");
  return description.components[kind]?.[name] as T;
}
