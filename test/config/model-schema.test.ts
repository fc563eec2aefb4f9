import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { baseModelSchema, modelSchema, type WrittenModelConfig } from "../../pipelines/config/model-schema.ts";
import { repositorySchema } from "../../pipelines/config/repository-schema.ts";
import { viewSchema } from "../../pipelines/data/features/view-schema.ts";
import { trainers } from "../../pipelines/training/trainers.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";
import { ownSchemas } from "../../scripts/package/own-files.ts";
import { exampleParts } from "./example-model.ts";

interface Node {
  path: string;
  schema: Record<string, unknown>;
  required: boolean;
}

/** Every key of a schema, at every depth. */
function keysOf(schema: Record<string, unknown>, path = ""): Node[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>);
  const required = (schema.required ?? []) as string[];
  const items = schema.items ? keysOf(schema.items as Record<string, unknown>, `${path}[]`) : [];
  const members = properties.flatMap(([key, member]) => {
    const name = path ? `${path}.${key}` : key;
    return [{ path: name, schema: member, required: required.includes(key) }, ...keysOf(member, name)];
  });
  return [...items, ...members];
}

const keys = [
  ...keysOf(baseModelSchema),
  ...keysOf(repositorySchema, "mergeml.yaml"),
  ...keysOf(viewSchema, "features/view.yaml"),
];

test("finds the keys of all levels", () => {
  const paths = keys.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(["name", "features.checks[].quantile.q", "thresholds.always.rmse.max"]));
});

test.each(keys)("$path has a description and examples", ({ schema }) => {
  expect(schema.description).toMatch(/^.{10,}[.]$/s);
  expect(schema.examples).toEqual(expect.arrayContaining([expect.anything()]));
});

/** Absent means something of its own here: no owner, no join, what the view says, no window, a row's hash for a key, an open bound, no such rule, no search, no query of its own, no groups, no limit, the rows of drift, the remote that main tracks, no step that is shared, the seed of production, rows that are one by one, all rows, nothing said of serving, no rule of going on. */
const withoutDefault =
  /^(owner|promote|serving|card(\.(intended_use|not_for|data_licence))?|resources\.max_rows|features\/view\.yaml\.(owner|time|ttl|columns|constraints\[\]\.(?!mostly|severity).*)|mergeml\.yaml\.(remote|step_cache|trust(\.(root|sigstore.*|signers\[\]\.\w+))?)|drift\.(query|group)|rollback\.(when\.(error_rate|outside_reference)|min_rows)|search|search\.metric|features\.(window|key|time|split\.seed|split\.group|entities|views(\[\]\.\w+)?)|features\.checks\[\]\.(?!mostly|severity).*|.*\.(min|max)|thresholds\.(first_deploy|always)\.\w+|thresholds\.retrain\.margin|thresholds\.slices\[\]\.metric)$/;

test.each(keys.filter(({ required, path }) => !required && !withoutDefault.test(path)))(
  "$path has a default",
  ({ schema }) => {
    expect(schema.default).toBeDefined();
  },
);

const ajv = () => new Ajv2020({ strictTypes: false, allowUnionTypes: true });

test.each(keys.filter(({ path }) => path !== "type"))(
  "the examples and the default of $path are valid",
  ({ schema, path }) => {
    const validate = ajv().compile(schema);
    for (const example of [...(schema.examples as unknown[]), ...("default" in schema ? [schema.default] : [])]) {
      // A block that is left out is filled key by key: its own default need not be complete.
      if (!validate(example))
        throw new Error(`${path}: ${JSON.stringify(example)}: ${ajv().errorsText(validate.errors)}`);
    }
  },
);

test.each([
  ["the example trainers", exampleParts],
  ["our trainers", modelParts()],
])("with %s it is a JSON Schema of 2020-12", (_title, given) => {
  const schema = modelSchema(given);
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(() => ajv().compile(schema)).not.toThrow();
});

test("all schemas of ours are JSON Schemas of 2020-12, which no command takes the time to check", () => {
  const all = Object.values(ownSchemas()).flat();
  expect(all).toHaveLength(8);
  for (const schema of all) expect(new Ajv2020().validateSchema(schema)).toBe(true);
});

test("params depend on the type", () => {
  const validate = ajv().compile(modelSchema(exampleParts));
  const model: WrittenModelConfig = {
    name: "m",
    task: "regression",
    type: "linear",
    features: { target: "y" },
    thresholds: { primary: "rmse", first_deploy: { rmse: { max: 1 } } },
  };
  expect(validate({ ...model, params: { l2: 1 } })).toBe(true);
  expect(validate({ ...model, params: { trees: 1 } })).toBe(false);
  expect(validate({ ...model, type: "gradient-boosting", params: { trees: 1 } })).toBe(true);
  expect(validate({ ...model, type: "other" })).toBe(false);
});

test.each(
  trainers.flatMap(({ name, paramsSchema }) =>
    Object.entries(paramsSchema.properties).map(([param, schema]) => ({ name, param, schema })),
  ),
)("$name.$param has a description and a valid default", ({ schema }) => {
  expect(schema.description).toMatch(/.{10,}/);
  if ("default" in schema) expect(ajv().compile(schema)(schema.default)).toBe(true);
});

test("the published schema is up to date: npm run schema", async () => {
  const published = await readFile(new URL("../../models/model.schema.json", import.meta.url), "utf8");
  expect(published).toBe(`${JSON.stringify(modelSchema(modelParts()), null, 2)}\n`);
});
