import type { Problem } from "../errors/expected-error.ts";
import type { Json } from "./canonical-json.ts";
import { isBlock } from "./merge-defaults.ts";
import type { RepositoryConfig } from "./model-config.ts";
import { baseModelSchema, type SchemaDocument } from "./model-schema.ts";
import { repositorySchema } from "./repository-schema.ts";
import { isPathInside } from "./rules/feature-rules.ts";
import { when } from "./rules/rule.ts";
import { sourceFindings } from "./rules/source-rules.ts";
import { compileSchema, fillDefaults, type Validator } from "./schema/compile-schema.ts";
import { isStoreAddress } from "./store-address.ts";
import { type Finding, toProblem } from "./yaml/finding.ts";
import { openYaml } from "./yaml/yaml-file.ts";

/** Problems that are told; more would bury the reader. */
const MAX_PROBLEMS = 100;

/** A mergeml.yaml that was read; what is wrong is replaced by its default, so that work on models can go on to find their problems too. */
interface ParsedRepository {
  config: RepositoryConfig;
  problems: Problem[];
}

/** Whether a folder that mergeml.yaml names may be read and written. */
export type FolderRule = (key: "store" | "predictions", path: string) => boolean;

const anywhere: FolderRule = () => true;

/** Reads a mergeml.yaml. Never throws on any text. */
export function parseRepositoryConfig(text: string, file: string, mayUse?: FolderRule): ParsedRepository {
  return repositoryParser()(text, file, mayUse);
}

/** Prepares a parser for many files: compiling the schemas takes longer than reading a file. */
export function repositoryParser(): (text: string, file: string, mayUse?: FolderRule) => ParsedRepository {
  const validate = compileSchema(repositorySchema);
  let defaultsValidator: Validator | undefined; // most files have no defaults
  const validateDefaults: Validator = (defaults) => (defaultsValidator ??= compileSchema(defaultsSchema()))(defaults);
  return (text, file, mayUse = anywhere) => {
    const yaml = openYaml(text, file);
    const findings = [...yaml.findings];
    if (yaml.value !== undefined) findings.push(...validate(yaml.value));
    const sound = fill(yaml.value, findings);
    findings.push(...repositoryRules(sound, mayUse), ...defaultsFindings(sound.defaults, validateDefaults));
    findings.push(...sourceFindings(sound.sources), ...trustFindings(sound));
    const problems = findings.slice(0, MAX_PROBLEMS).map((finding) => toProblem(finding, yaml.locate(finding)));
    problems.sort((a, b) => a.where!.line - b.where!.line || a.where!.column - b.where!.column);
    return { config: fill(sound as unknown as Json, findings), problems };
  };
}

function fill(value: Json | undefined, findings: readonly Finding[]): RepositoryConfig {
  const wrong = new Set(findings.flatMap((finding) => finding.path.slice(0, 1)));
  const pruned = isBlock(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(key))) : {};
  return fillDefaults(repositorySchema, pruned) as unknown as RepositoryConfig;
}

function repositoryRules(
  { registry, remote, data, store, predictions, environments }: RepositoryConfig,
  mayUse: FolderRule,
): Finding[] {
  return [
    ...when(!isBranchName(registry), {
      path: ["registry"],
      message: `registry must be the name of a branch, not ${JSON.stringify(registry)}`,
      hint: "letters, digits, dashes and slashes, for example registry",
    }),
    ...when(remote !== undefined && !isBranchName(remote), {
      path: ["remote"],
      message: `remote must be the name of a remote, not ${JSON.stringify(remote)}`,
      hint: "one that git remote lists, for example origin",
    }),
    ...when(["main", "master", "HEAD"].includes(registry), {
      path: ["registry"],
      message: `registry cannot be the branch ${registry}`,
      hint: "the registry is a branch of its own, without the repository's files",
    }),
    ...environments.flatMap((name, index) =>
      when(!/^[a-z][a-z0-9-]*$/.test(name) || name === "challenger", {
        path: ["environments", index],
        message: `environments must hold names such as staging, not ${JSON.stringify(name)}`,
        hint: "small letters, digits and dashes; challenger is the version that is tried beside production",
      }),
    ),
    ...when(environments.at(-1) !== "production", {
      path: ["environments"],
      message: "the last of environments must be production",
      hint: "for example [staging, production]",
    }),
    ...data.flatMap((folder, index) =>
      when(folder !== "." && !isPathInside(folder.replace(/\/$/, "")), {
        path: ["data", index],
        message: `data must hold folders inside the repository, not ${JSON.stringify(folder)}`,
        hint: "for example data or lake/flights; no leading slash, no .. and no backslash",
      }),
    ),
    ...(isStoreAddress(store) ? [] : folderRule("store", store, mayUse)),
    ...(isStoreAddress(predictions) ? logAddressRule(predictions) : folderRule("predictions", predictions, mayUse)),
  ];
}

function logAddressRule(address: string): Finding[] {
  const pattern = /^(s3|gs|gcs|az|azure|abfss):\/\/[a-z0-9][a-z0-9._@-]{1,200}(\/(?!\.\.?(\/|$))[^\s/?#*[\]'"\\;]*)*$/;
  return when(!pattern.test(address), {
    path: ["predictions"],
    message: `predictions must be the path of a folder or an address such as s3://acme-lake/predictions, not ${JSON.stringify(address)}`,
    hint: "the source of the same bucket says how to sign in",
  });
}

function folderRule(key: Parameters<FolderRule>[0], path: string, mayUse: FolderRule): Finding[] {
  const malformed = when(/[\0\n]/.test(path) || path.split(/[\\/]/).includes(".."), {
    path: [key],
    message: `${key} must be the path of a folder without .., not ${JSON.stringify(path)}`,
    hint: "relative to the repository, or absolute",
  });
  if (malformed.length > 0) return malformed;
  return when(!mayUse(key, path), {
    path: [key],
    message: `${key} is outside of the repository (${path}), and in CI a pull request could have written that`,
    hint: `name a folder inside; whoever runs the job gives another with the variable MERGEML_${key.toUpperCase()}`,
  });
}

/** The defaults are a model.yaml in which anything may be left out, but what makes a model that one model. */
function defaultsFindings(defaults: Json, validate: Validator): Finding[] {
  if (!isBlock(defaults) || Object.keys(defaults).length === 0) return [];
  return validate(defaults).map((finding) => ({
    ...finding,
    path: ["defaults", ...finding.path],
    message: finding.message.startsWith("the file") ? finding.message : `defaults.${finding.message}`,
  }));
}

function defaultsSchema(): SchemaDocument {
  const { name: _name, params: _params, ...properties } = baseModelSchema.properties;
  return withoutRequired({ ...baseModelSchema, properties }) as SchemaDocument;
}

function withoutRequired(schema: unknown): unknown {
  if (Array.isArray(schema) || typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => key !== "required" && key !== "minProperties");
  return Object.fromEntries(kept.map(([key, member]) => [key, key === "items" ? member : withoutRequired(member)]));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them.
const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$|\/\.|\.lock\/|^@$/;

/** Whether git takes a text as the name of a branch (the rules of git-check-ref-format). */
function isBranchName(name: string): boolean {
  return name.length > 0 && name.length <= 200 && !name.startsWith("refs/") && !forbidden.test(name);
}

/** What is wrong with `trust`, beyond its schema. */
function trustFindings({ trust }: Pick<RepositoryConfig, "trust">): Finding[] {
  if (!trust) return [];
  const { signers, root, sigstore } = trust;
  return [
    ...signers.flatMap((signer, index) => {
      const named = [signer.workflow, signer.key, signer.identity].filter((each) => each !== undefined);
      return [
        ...when(named.length !== 1, {
          path: ["trust", "signers", index],
          message: `a signer is one of workflow, key and identity, and this one has ${named.length === 0 ? "none" : "several"} of them`,
          hint: "for example { workflow: acme/models/.github/workflows/model-deploy.yml@refs/heads/main }, or { key: keys/ops.pub }",
        }),
        ...when(signer.identity !== undefined && signer.issuer === undefined, {
          path: ["trust", "signers", index],
          message: `nobody knows who vouches for ${signer.identity}: the signer lacks its issuer`,
          hint: "for example issuer: https://accounts.google.com, or https://github.com/login/oauth",
        }),
        ...outside(signer.key, ["trust", "signers", index, "key"]),
      ];
    }),
    ...outside(root, ["trust", "root"]),
    ...when(sigstore !== undefined && sigstore.rekor === undefined && sigstore.timestamp === undefined, {
      path: ["trust", "sigstore"],
      message:
        "a certificate holds for minutes, so a signature needs a time: trust.sigstore has neither rekor nor timestamp",
      hint: "add rekor, the address of a log, or timestamp, that of a timestamp authority",
    }),
  ];
}

function outside(path: string | undefined, at: Finding["path"]): Finding[] {
  return when(path !== undefined && !isPathInside(path), {
    path: at,
    message: `${at.at(-1)} must be a file inside the repository, not ${JSON.stringify(path)}`,
    hint: "for example keys/ops.pub; no leading slash, no .. and no backslash",
  });
}
