const whenSchema = {
  title: "conditions such as { clean_windows: 2, approval: true }",
  description:
    "When the version that runs in an environment goes on to the next by itself, all of them together. Without any, a person promotes.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    clean_windows: {
      description:
        "So many windows of drift.window, one behind the other since the version runs there, must be clean. One with too few rows does not count, one that drifts begins anew.",
      type: "integer",
      minimum: 0,
      maximum: 100,
      default: 0,
      examples: [2],
    },
    approval: {
      description:
        "Whether a person must approve then: the workflow waits for the reviewers of the GitHub environment that the version goes to.",
      type: "boolean",
      default: true,
      examples: [true],
    },
  },
  examples: [{ clean_windows: 2, approval: true }],
} as const;

/** `promote`: when a version goes on from one of the repository's environments to the next. */
export const promoteSchema = {
  title: "a block of the key when",
  description: "When a version goes on from one of `environments` in mergeml.yaml to the next.",
  type: "object",
  additionalProperties: false,
  required: ["when"],
  properties: { when: whenSchema },
  examples: [{ when: { clean_windows: 2, approval: true } }],
} as const;
