/** An OpenAPI 3.0 description, as far as it matters here. */
export interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Json>>;
}

export interface Operation {
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { content?: Record<string, { schema: Json }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: Json }> }>;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: { type?: string };
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const wanted =
  /^\/user$|^\/app\/installations\/\{installation_id\}\/access_tokens$|^\/repos\/\{owner\}\/\{repo\}(\/(issues|pulls|labels|commits|compare|installation|check-runs|deployments|dispatches|git|contents)(\/|$)|\/actions\/(artifacts|runs|workflows)(\/|$)|$)/;
const forReaders = new Set(["description", "example", "examples", "externalDocs", "summary", "tags", "x-github"]);

/** The paths that a repository's automation uses with what they refer to, its schemas in the words of JSON Schema. */
export function reduceDescription(description: Description): Description {
  const paths = Object.fromEntries(Object.entries(description.paths).filter(([path]) => wanted.test(path)));
  const components: Record<string, Record<string, Json>> = {};
  const converted = { paths: convert(paths as unknown as Json), components };
  const open = [converted.paths];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [kind, name] of references(next)) {
      const group = (components[kind] ??= {});
      if (name in group) continue;
      const component = convert(description.components[kind]?.[name] ?? null);
      group[name] = component;
      open.push(component);
    }
  }
  return converted as unknown as Description;
}

function references(value: Json): [string, string][] {
  const found = [...JSON.stringify(value).matchAll(/"\$ref":"#\/components\/([^/"]+)\/([^/"]+)"/g)];
  return found.map(([, kind = "", name = ""]) => [kind, name]);
}

/** Leaves out what is for readers, and says `nullable` as JSON Schema does. `named`: the keys are names of properties. */
function convert(value: Json, named = false): Json {
  if (Array.isArray(value)) return value.map((each) => convert(each));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .filter(([key]) => named || !forReaders.has(key))
    .map(([key, each]): [string, Json] => [key, convert(each, key === "properties" && !named)]);
  const { nullable, ...schema } = Object.fromEntries(kept);
  if (named || nullable !== true) return Object.fromEntries(kept);
  if (typeof schema.type !== "string") return { anyOf: [schema, { type: "null" }] };
  const type = [schema.type, "null"];
  return Array.isArray(schema.enum) ? { ...schema, type, enum: [...schema.enum, null] } : { ...schema, type };
}
