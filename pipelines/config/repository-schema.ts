import { sourcesSchema } from "./schema/sources-schema.ts";

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
      title: "the path of a folder",
      description:
        "Folder of the dataset store, relative to the repository or absolute. In CI it must be inside; MERGEML_STORE overrides it.",
      type: "string",
      minLength: 1,
      maxLength: 500,
      default: ".mergeml/store",
      examples: [".mergeml/store"],
    },
    predictions: {
      title: "the path of a folder",
      description:
        "Folder of the prediction log, relative to the repository or absolute; below it, a folder per model. In CI it must be inside; MERGEML_PREDICTIONS overrides it.",
      type: "string",
      minLength: 1,
      maxLength: 500,
      default: "predictions",
      examples: ["predictions"],
    },
    gc_grace_days: {
      description: "Days a dataset that nothing refers to is kept.",
      type: "number",
      minimum: 0,
      maximum: 36500,
      default: 7,
      examples: [7],
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
