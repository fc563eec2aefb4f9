import { expect, test } from "vitest";
import { parseRepositoryConfig } from "../../pipelines/config/parse-repository-config.ts";

const every = `
sources:
  lake:  { type: s3, url: s3://acme-lake/ml/, region: eu-central-1, auth: oidc, role: "arn:aws:iam::123456789012:role/mergeml" }
  minio: { type: s3, url: s3://acme-lake/ml/, endpoint: http://127.0.0.1:7070, access_key_id: { env: MINIO_ID }, secret_access_key: { env: MINIO_KEY } }
  cloud: { type: gcs, url: gs://acme-lake/ml, auth: none }
  blobs: { type: azure, url: az://lake/ml/, account: acmelake, auth: env }
  files: { type: azure, url: abfss://lake@acmelake.dfs.core.windows.net/ml, auth: oidc, tenant: acme.com, client: 1b730954-1685 }
  web:   { type: http, url: https://data.example.com/flights/ }
  trips: { type: delta, url: s3://acme-lake/trips }
  rides: { type: iceberg, url: gs://acme-lake/rides, auth: oidc }
  shop:  { type: postgres, url: { env: SHOP_URL }, schemas: [features] }
  till:  { type: mysql, url: { env: TILL_URL }, schemas: [features] }
  dwh:   { type: databricks, host: { env: DBX_HOST }, warehouse: { env: DBX_WAREHOUSE }, token: { env: DBX_TOKEN }, schemas: [features] }
  farm:  { type: spark, url: { env: SPARK_THRIFT_URL }, schemas: [features], staging: s3://acme-lake/staging/ }
`;

test("a source of each type is read as it is written", () => {
  const { config, problems } = parseRepositoryConfig(every, "mergeml.yaml");
  expect(problems).toEqual([]);
  expect(Object.keys(config.sources)).toHaveLength(12);
  expect(config.sources.shop).toEqual({ type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] });
});

const one = (source: string) => `sources: { lake: { ${source} } }`;
const s3 = "type: s3, url: s3://acme-lake/ml/";
const shop = "type: postgres, url: { env: SHOP_URL }, schemas: [features]";

test.each([
  ["a list", "sources: [lake]", "sources must be a block of sources by name", undefined],
  ["no type", one("url: s3://acme-lake/"), "sources.lake.type is missing", "add it, for example  type: s3"],
  [
    "an unknown type",
    one("type: postgresql"),
    "sources.lake.type must be s3, gcs, azure, http, delta, iceberg,",
    "did you mean postgres?",
  ],
  [
    "an unknown key",
    one(`${s3}, regoin: eu`),
    "sources.lake.regoin is not a key of a source of type s3",
    "did you mean region?",
  ],
  ["no address", one("type: s3"), "sources.lake.url is missing", "add it, for example  url: s3://acme-lake/ml/"],
  [
    "another's address",
    one("type: s3, url: gs://acme-lake/"),
    "sources.lake.url must be the address of a folder, such as s3://",
    undefined,
  ],
  [
    "dots in an address",
    one("type: s3, url: s3://acme-lake/ml/../x"),
    "sources.lake.url must be the address of a folder",
    undefined,
  ],
  [
    "a pattern in an address",
    one("type: s3, url: 's3://acme-lake/*'"),
    "sources.lake.url must be the address of a folder",
    undefined,
  ],
  [
    "a user in an address",
    one("type: http, url: 'https://a:b@example.com/'"),
    "sources.lake.url must be the address of a folder",
    undefined,
  ],
  [
    "a secret in the file",
    one("type: postgres, url: 'postgres://a:b@c/d', schemas: [a]"),
    "sources.lake.url must be an environment variable such as { env: SHOP_URL }",
    undefined,
  ],
  [
    "the job's own token",
    one("type: postgres, url: { env: GITHUB_TOKEN }, schemas: [a]"),
    "sources.lake.url.env must be an environment variable's name, in capitals",
    undefined,
  ],
  [
    "the job's own way to a token",
    one(`${s3}, access_key_id: { env: ACTIONS_ID_TOKEN_REQUEST_TOKEN }, secret_access_key: { env: X }`),
    "sources.lake.access_key_id.env must be an environment variable's name",
    undefined,
  ],
  [
    "no schemas",
    one("type: postgres, url: { env: SHOP_URL }"),
    "sources.lake.schemas is missing",
    "add it, for example  schemas: [features]",
  ],
  [
    "a key of another sign-in",
    one(`${s3}, auth: env, role: 'arn:aws:iam::123456789012:role/x'`),
    "sources.lake.role is for auth: oidc, and the source has auth: env",
    "write auth: oidc, or remove role",
  ],
  [
    "a token without auth",
    one("type: http, url: https://example.com/, token: { env: T }"),
    "sources.lake.token is for auth: env, and the source has no auth",
    "write auth: env, or remove token",
  ],
  [
    "half a key",
    one(`${s3}, access_key_id: { env: X }`),
    "sources.lake.access_key_id needs secret_access_key beside it",
    undefined,
  ],
  [
    "a table with keys of another storage",
    one("type: delta, url: s3://acme-lake/t, account: acmelake"),
    "sources.lake.account does nothing: the table's address is one of s3",
    "Known here: endpoint, region",
  ],
  [
    "an endpoint with a query",
    one(`${s3}, endpoint: 'http://a/?b'`),
    "sources.lake.endpoint must be an address without a path",
    undefined,
  ],
  [
    "a reserved name",
    `sources: { duckdb: { ${shop} } }`,
    "a source cannot be called duckdb",
    "for example duckdb_data",
  ],
  [
    "a name with a dash",
    `sources: { my-shop: { ${shop} } }`,
    'the name of a source must be lower-case letters, digits and underscores, not "my-shop"',
    "queries write it",
  ],
])("%s is explained", (_title, text, message, hint) => {
  const { config, problems } = parseRepositoryConfig(text, "mergeml.yaml");
  expect(problems).toHaveLength(1);
  expect(problems[0]!.message).toContain(message);
  if (hint !== undefined) expect(problems[0]!.hint).toContain(hint);
  expect(problems[0]!.where!.column).toBeGreaterThan(1);
  expect(config.sources).toEqual({});
});

test.each([
  ["an address with a password", "type: postgres, url: postgres://reader:hush-hush@db/shop, schemas: [features]"],
  ["a key", `${s3}, secret_access_key: hush-hush`],
  ["an address where another is due", "type: http, url: https://ada:hush-hush@data.example.com/?a b"],
])("%s that stands in mergeml.yaml is not shown again", (_title, source) => {
  const { problems } = parseRepositoryConfig(one(source), "mergeml.yaml");
  expect(problems).not.toEqual([]);
  expect(JSON.stringify(problems)).not.toContain("hush-hush");
});
