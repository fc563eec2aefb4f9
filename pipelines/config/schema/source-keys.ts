/** Reserved for the machinery around a job: a source that could read one could send the job's own token elsewhere. */
const variable = {
  title: "an environment variable's name, in capitals and not one of GITHUB_, ACTIONS_, RUNNER_, INPUT_ or MERGEML_",
  description: "Name of the environment variable that has the value; the value itself is never written down.",
  type: "string",
  pattern: "^(?!(GITHUB|ACTIONS|RUNNER|INPUT|MERGEML|NODE|GH)_)[A-Z][A-Z0-9_]{0,99}$",
  examples: ["SHOP_URL"],
} as const;

/** A value that only the environment has. */
export const variableSchema = {
  title: "an environment variable such as { env: SHOP_URL }",
  type: "object",
  additionalProperties: false,
  required: ["env"],
  properties: { env: variable },
} as const;

const isFromVariable = (description: string, name: string) =>
  ({ ...variableSchema, description, examples: [{ env: name }] }) as const;

/** Who a source takes us for. */
const authKey = {
  description:
    "How to sign in: env (default), with keys from environment variables; oidc, by exchanging the workflow's identity token, so that no secret is stored; none.",
  enum: ["oidc", "env", "none"],
  examples: ["oidc"],
} as const;

const endpointKey = {
  title: "an address without a path, such as http://127.0.0.1:7070",
  description: "Address of a server that speaks the same protocol as the cloud's own, such as MinIO, R2 or Azurite.",
  type: "string",
  pattern: "^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9-]+)?/?$",
  maxLength: 300,
  examples: ["https://minio.example.com"],
} as const;

/** Keys about signing in to one kind of object storage. */
export const s3Keys = {
  endpoint: endpointKey,
  region: {
    title: "the name of a region, such as eu-central-1",
    description: "Region of the bucket.",
    type: "string",
    pattern: "^[a-z0-9-]{1,40}$",
    examples: ["eu-central-1"],
  },
  auth: authKey,
  role: {
    title: "the name of a role, such as arn:aws:iam::123456789012:role/mergeml",
    description: "With auth: oidc, the role to assume; the variable AWS_ROLE_ARN names it otherwise.",
    type: "string",
    pattern: "^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,500}$",
    examples: ["arn:aws:iam::123456789012:role/mergeml"],
  },
  access_key_id: isFromVariable("With auth: env, the key's id; AWS_ACCESS_KEY_ID otherwise.", "LAKE_KEY_ID"),
  secret_access_key: isFromVariable("With auth: env, the key; AWS_SECRET_ACCESS_KEY otherwise.", "LAKE_SECRET"),
  session_token: isFromVariable("With auth: env, of a key for a time; AWS_SESSION_TOKEN otherwise.", "LAKE_SESSION"),
} as const;

export const gcsKeys = {
  endpoint: endpointKey,
  auth: authKey,
  workload_identity_provider: {
    title: "the name of a provider, such as projects/123/locations/global/workloadIdentityPools/github/providers/main",
    description:
      "With auth: oidc, who takes the workflow's identity; the variable GCP_WORKLOAD_IDENTITY_PROVIDER names it otherwise.",
    type: "string",
    pattern: "^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$",
    examples: ["projects/123/locations/global/workloadIdentityPools/github/providers/main"],
  },
  service_account: {
    title: "the address of a service account, such as mergeml@acme.iam.gserviceaccount.com",
    description:
      "With auth: oidc, whom to act as; the variable GCP_SERVICE_ACCOUNT names it otherwise, and without one the identity itself has the rights.",
    type: "string",
    pattern: "^[a-z0-9-]+@[a-z0-9.-]+$",
    maxLength: 200,
    examples: ["mergeml@acme.iam.gserviceaccount.com"],
  },
  access_key_id: isFromVariable("With auth: env, the HMAC key's id; GCS_ACCESS_KEY_ID otherwise.", "LAKE_KEY_ID"),
  secret_access_key: isFromVariable("With auth: env, the HMAC key; GCS_SECRET_ACCESS_KEY otherwise.", "LAKE_SECRET"),
} as const;

export const azureKeys = {
  endpoint: endpointKey,
  account: {
    title: "the name of a storage account, such as acmelake",
    description: "The storage account; a connection string names it otherwise.",
    type: "string",
    pattern: "^[a-z0-9]{3,24}$",
    examples: ["acmelake"],
  },
  auth: authKey,
  tenant: {
    title: "the id of a tenant",
    description: "With auth: oidc, the directory to sign in to; the variable AZURE_TENANT_ID names it otherwise.",
    type: "string",
    pattern: "^[A-Za-z0-9.-]{1,100}$",
    examples: ["72f988bf-86f1-41af-91ab-2d7cd011db47"],
  },
  client: {
    title: "the id of an application",
    description: "With auth: oidc, the application to sign in as; the variable AZURE_CLIENT_ID names it otherwise.",
    type: "string",
    pattern: "^[A-Za-z0-9-]{1,100}$",
    examples: ["1b730954-1685-4b74-9bfd-dac224a7b894"],
  },
  connection_string: isFromVariable(
    "With auth: env, the account's connection string; AZURE_STORAGE_CONNECTION_STRING otherwise.",
    "LAKE_CONNECTION",
  ),
} as const;
