import { azureKeys, gcsKeys, s3Keys, variableSchema } from "./source-keys.ts";

const fromVariable = (description: string, name: string) =>
  ({ ...variableSchema, description, examples: [{ env: name }] }) as const;

const schemasKey = {
  title: "a list of schemas, such as [features]",
  description: "The schemas that queries may read; no other is reached.",
  type: "array",
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  items: {
    title: "the name of a schema",
    type: "string",
    minLength: 1,
    maxLength: 128,
    pattern: "^[^\\u0000-\\u001f]+$",
  },
  examples: [["features"]],
} as const;

/** Names that leave a folder, or end a text in a shell or in SQL, are none that a bucket has. */
const restOfUrl = "(/(?!\\.\\.?(/|$))[^\\s/?#*\\[\\]'\"\\\\;]*)*";
const bucket = "[a-z0-9][a-z0-9._-]{1,62}";
const azurePath = `(az|azure)://[a-z0-9][a-z0-9-]{2,62}${restOfUrl}`;
const abfssPath = `abfss://[a-z0-9][a-z0-9-]{2,62}@[a-z0-9.-]+${restOfUrl}`;

const folderUrl = <const Pattern extends string, const Example extends string>(pattern: Pattern, example: Example) =>
  ({
    title: `the address of a folder, such as ${example}`,
    description: "What queries may read: this and all below it.",
    type: "string",
    pattern,
    maxLength: 1000,
    examples: [example],
  }) as const;

const tableUrl = {
  title: "the address of a table, such as s3://acme-lake/trips",
  description: "The table's folder.",
  type: "string",
  pattern: `^((s3|gs|gcs)://${bucket}${restOfUrl}|${azurePath}|${abfssPath})$`,
  maxLength: 1000,
  examples: ["s3://acme-lake/trips"],
} as const;

const block = {
  title: "a block of keys such as type and url",
  type: "object",
  additionalProperties: false,
} as const;

/** A table's storage is any of the three; which keys go together is a rule's. */
const tableKeys = { url: tableUrl, ...gcsKeys, ...azureKeys, ...s3Keys } as const;

/** The keys of a source, by its type: the one source of their types, their defaults and what is said of them. */
export const sourceSchemas = {
  s3: {
    ...block,
    required: ["type", "url"],
    properties: {
      type: { description: "Files in a bucket of S3, or of a server that speaks its protocol.", const: "s3" },
      url: folderUrl(`^s3://${bucket}${restOfUrl}$`, "s3://acme-lake/ml/"),
      ...s3Keys,
    },
  },
  gcs: {
    ...block,
    required: ["type", "url"],
    properties: {
      type: { description: "Files in a bucket of Google Cloud Storage.", const: "gcs" },
      url: folderUrl(`^(gs|gcs)://${bucket}${restOfUrl}$`, "gs://acme-lake/ml/"),
      ...gcsKeys,
    },
  },
  azure: {
    ...block,
    required: ["type", "url"],
    properties: {
      type: { description: "Files in a container of Azure Blob Storage.", const: "azure" },
      url: folderUrl(`^(${azurePath}|${abfssPath})$`, "az://lake/ml/"),
      ...azureKeys,
    },
  },
  http: {
    ...block,
    required: ["type", "url"],
    properties: {
      type: { description: "Files on a web server.", const: "http" },
      url: folderUrl(`^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?${restOfUrl}$`, "https://data.example.com/flights/"),
      auth: {
        description: "How to sign in: none (default), or env with a token.",
        enum: ["env", "none"],
        examples: ["none"],
      },
      token: fromVariable("With auth: env, the token that is sent as Authorization: Bearer.", "DATA_TOKEN"),
    },
  },
  delta: {
    ...block,
    required: ["type", "url"],
    properties: { type: { description: "A Delta table.", const: "delta" }, ...tableKeys },
  },
  iceberg: {
    ...block,
    required: ["type", "url"],
    properties: { type: { description: "An Iceberg table.", const: "iceberg" }, ...tableKeys },
  },
  postgres: {
    ...block,
    required: ["type", "url", "schemas"],
    properties: {
      type: { description: "A PostgreSQL database, read only.", const: "postgres" },
      url: fromVariable("Its address, such as postgres://user:password@host/database.", "SHOP_URL"),
      schemas: schemasKey,
    },
  },
  mysql: {
    ...block,
    required: ["type", "url", "schemas"],
    properties: {
      type: { description: "A MySQL or MariaDB server, read only.", const: "mysql" },
      url: fromVariable("Its address, such as mysql://user:password@host/database.", "SHOP_URL"),
      schemas: { ...schemasKey, description: "The databases that queries may read; no other is reached." },
    },
  },
  databricks: {
    ...block,
    required: ["type", "host", "warehouse", "token", "schemas"],
    properties: {
      type: { description: "A Databricks SQL warehouse.", const: "databricks" },
      host: fromVariable("The workspace's host.", "DBX_HOST"),
      warehouse: fromVariable("The warehouse's id.", "DBX_WAREHOUSE"),
      token: fromVariable("A token of a user or of a service principal.", "DBX_TOKEN"),
      catalog: {
        title: "the name of a catalog",
        description: "The catalog that has the schemas; the warehouse's own when left out.",
        type: "string",
        minLength: 1,
        maxLength: 255,
        examples: ["main"],
      },
      schemas: schemasKey,
      staging: {
        ...folderUrl("", "/Volumes/main/ml/staging"),
        description:
          "Folder where the warehouse leaves rows for mergeml to read: one of a volume, read with the same token, or an external location.",
        pattern: `^((s3|gs|gcs)://${bucket}${restOfUrl}|${azurePath}|${abfssPath}|/Volumes${restOfUrl})$`,
      },
    },
  },
  spark: {
    ...block,
    required: ["type", "url", "schemas", "staging"],
    properties: {
      type: { description: "The Thrift server of Spark, EMR or Kyuubi, over HTTP.", const: "spark" },
      url: fromVariable("Its address, such as http://user:password@host:10001/cliservice.", "SPARK_THRIFT_URL"),
      schemas: schemasKey,
      staging: {
        ...folderUrl("", "s3://acme-lake/staging/"),
        description:
          "Folder where the cluster leaves rows for mergeml to read: an address, or a path that both have. The source of the same bucket says how to sign in.",
        pattern: `^((s3|gs|gcs)://${bucket}${restOfUrl}|${azurePath}|${abfssPath}|/[^\\u0000-\\u001f]*)$`,
      },
    },
  },
} as const;

/** What a source may be. */
const sourceTypes = Object.keys(sourceSchemas) as readonly (keyof typeof sourceSchemas)[];

/** What holds for a source of any type; the keys of its type are checked with `sourceSchemas`. */
export const sourcesSchema = {
  title: "a block of sources by name, such as lake: { type: s3, url: s3://acme-lake/ml/ }",
  description:
    'Where data are besides the repository, by the name that queries use: FROM lake."trips/*.parquet". Values of variables are never written down.',
  type: "object",
  maxProperties: 100,
  additionalProperties: {
    title: "a block of keys such as type and url",
    type: "object",
    required: ["type"],
    properties: { type: { description: "What kind of source it is.", enum: sourceTypes, examples: ["s3"] } },
  },
  default: {},
  examples: [{ lake: { type: "s3", url: "s3://acme-lake/ml/", region: "eu-central-1", auth: "oidc" } }],
} as const;
