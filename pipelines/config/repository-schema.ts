import { sourcesSchema } from "./schema/sources-schema.ts";

const address = (what: string, example: string) =>
  ({
    title: "the address of a service",
    description: `Where ${what}.`,
    type: "string",
    pattern: "^https?://[^\\s?#]+$",
    maxLength: 500,
    examples: [example],
  }) as const;

/** `trust` of mergeml.yaml: who must have signed what readers take, and what signs with. */
const trustSchema = {
  title: "a block of keys such as signers",
  description:
    "Who must have signed a version's verdict. With it, registering and promoting sign, and every reader refuses a version that none of the signers signed. It holds as the default branch has it, whatever a pull request says. Without it nothing is signed or refused.",
  type: "object",
  additionalProperties: false,
  required: ["signers"],
  properties: {
    require: {
      title: "signed or nothing",
      description:
        "`signed`: readers refuse what none of the signers signed. `nothing`: what can be signed is, and readers refuse nothing, as a step on the way.",
      type: "string",
      enum: ["signed", "nothing"],
      default: "signed",
      examples: ["signed"],
    },
    signers: {
      title: "a list of signers",
      description: "One of them must have signed. Each is a workflow of GitHub Actions, a public key, or a person.",
      type: "array",
      minItems: 1,
      maxItems: 50,
      items: {
        title: "a block with workflow, key or identity",
        type: "object",
        additionalProperties: false,
        properties: {
          workflow: {
            title: "a workflow on a branch",
            description:
              "The workflow that a job was started as, on a branch or tag: the one of your own repository, also where it calls another's.",
            type: "string",
            maxLength: 500,
            pattern: "^(https://[^\\s/]+/)?[\\w.-]+/[\\w.-]+/[\\w./-]+\\.ya?ml@refs/(heads|tags)/[^\\s~^:?*\\[\\\\]+$",
            examples: ["acme/models/.github/workflows/model-deploy.yml@refs/heads/main"],
          },
          key: {
            title: "the path of a public key",
            description:
              "A file of the repository, PEM: Ed25519 or ECDSA P-256. `mergeml trust key` makes a pair; the private half is MERGEML_SIGNING_KEY.",
            type: "string",
            minLength: 1,
            maxLength: 500,
            examples: ["keys/ops.pub"],
          },
          identity: {
            title: "who signed by Sigstore",
            description: "The mail address or the URI that a certificate names, with its issuer.",
            type: "string",
            minLength: 3,
            maxLength: 500,
            examples: ["ops@acme.com"],
          },
          issuer: address("the identity comes from, GitHub Actions by default", "https://accounts.google.com"),
        },
      },
      examples: [
        [{ workflow: "acme/models/.github/workflows/model-deploy.yml@refs/heads/main" }, { key: "keys/ops.pub" }],
      ],
    },
    root: {
      title: "the path of a file",
      description:
        "Sigstore's trusted root, a file of the repository (`mergeml trust root` writes it): what certificates and the log are checked with, without a network. The one that came with mergeml when left out.",
      type: "string",
      minLength: 1,
      maxLength: 500,
      examples: ["keys/trusted-root.json"],
    },
    sigstore: {
      title: "a block of addresses",
      description: "Services of Sigstore that jobs sign with. The public ones when left out.",
      type: "object",
      additionalProperties: false,
      required: ["fulcio"],
      properties: {
        fulcio: address("certificates come from", "https://fulcio.sigstore.dev"),
        rekor: address("signatures are logged; none is when left out", "https://rekor.sigstore.dev"),
        timestamp: address("signatures get a time; needed without a log", "https://timestamp.githubapp.com"),
      },
      examples: [{ fulcio: "https://fulcio.sigstore.dev", rekor: "https://rekor.sigstore.dev" }],
    },
  },
  examples: [
    {
      require: "signed",
      signers: [
        { workflow: "acme/models/.github/workflows/model-deploy.yml@refs/heads/main" },
        { key: "keys/ops.pub" },
      ],
    },
  ],
} as const;

/** The JSON Schema of mergeml.yaml. `defaults` is checked on its own, because it is a model.yaml with keys left out. */
export const repositorySchema = {
  title: "a block of keys such as registry and data",
  description: "Settings of the whole repository.",
  type: "object",
  additionalProperties: false,
  properties: {
    registry: {
      title: "the name of a branch",
      description: "The branch that is the registry.",
      type: "string",
      minLength: 1,
      maxLength: 200,
      default: "registry",
      examples: ["registry"],
    },
    remote: {
      title: "the name of a remote",
      description:
        "The remote that has the registry branch; the one that the main branch tracks, else the only one, when left out.",
      type: "string",
      minLength: 1,
      maxLength: 200,
      examples: ["github"],
    },
    data: {
      title: "a list of folders inside the repository",
      description: "Folders the feature queries may read, relative to the repository.",
      type: "array",
      minItems: 1,
      maxItems: 50,
      uniqueItems: true,
      items: { title: "the path of a folder", type: "string", minLength: 1, maxLength: 500 },
      default: ["data"],
      examples: [["data", "lake/flights"]],
    },
    sources: sourcesSchema,
    store: {
      title: "the path of a folder, or an address such as s3://acme-models/store",
      description:
        "Where train, test and prediction rows are kept, and models too large for git: a folder, relative to the repository or absolute, or a store that other machines read: oci://ghcr.io/acme/models, s3://bucket/prefix?region=eu-central-1, azure://account/container/prefix, or a schema of a source that is a database, such as shop.training. A folder must be inside the repository in CI; MERGEML_STORE overrides it.",
      type: "string",
      minLength: 1,
      maxLength: 500,
      default: ".mergeml/store",
      examples: [".mergeml/store", "oci://ghcr.io/acme/models", "s3://acme-models/store?region=eu-central-1"],
    },
    step_cache: {
      title: "a block with the key public_key",
      description:
        "Keeps results of steps in the store, so that a job goes on from the last good step of another machine. Without it, they stay on the machine that made them.",
      type: "object",
      additionalProperties: false,
      required: ["public_key"],
      properties: {
        public_key: {
          title: "the public half of an Ed25519 key",
          description:
            "Only what the owner of its private half, MERGEML_STEP_KEY in the environment, has sealed is taken: mergeml store key makes both. A pull request's job takes the key of its base branch, and seals nothing.",
          type: "string",
          pattern: "^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$",
          examples: ["MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="],
        },
      },
      examples: [{ public_key: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=" }],
    },
    environments: {
      title: "a list of names, the last of which is production",
      description:
        "Where versions run, in the order they go through: a deploy puts a version into the first, and mergeml promote moves it on. Each has a pointer file of its own in the registry. The gate always compares with production.",
      type: "array",
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      items: { title: "the name of an environment", type: "string", minLength: 1, maxLength: 39 },
      default: ["production"],
      examples: [["staging", "production"]],
    },
    trust: trustSchema,
    predictions: {
      title: "the path or the address of a folder",
      description:
        "Folder of the prediction log, relative to the repository or absolute, or its address, such as s3://acme-lake/predictions; below it, a folder per model. In CI a folder must be inside; MERGEML_PREDICTIONS overrides it.",
      type: "string",
      minLength: 1,
      maxLength: 500,
      default: "predictions",
      examples: ["predictions", "s3://acme-lake/predictions"],
    },
    gc_grace_days: {
      description: "Days a dataset that nothing refers to is kept.",
      type: "number",
      minimum: 0,
      maximum: 36500,
      default: 7,
      examples: [7],
    },
    comment: {
      description:
        "When pull requests are commented on: always when a model is affected, with a notice at once; on-change only when a verdict is another one than the comment has; on-failure only when something blocks, or when an earlier comment said so. The check and the job's summary always are there.",
      type: "string",
      enum: ["always", "on-change", "on-failure"],
      default: "always",
      examples: ["on-failure"],
    },
    defaults: {
      title: "a block of keys as in model.yaml",
      description: "Keys that every model.yaml starts from; a model's own keys win.",
      type: "object",
      default: {},
      examples: [{ resources: { threads: 4 } }],
    },
  },
} as const;
