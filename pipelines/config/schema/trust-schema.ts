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
export const trustSchema = {
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
