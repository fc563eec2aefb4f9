/** What a path on the registry branch is. `other` is nothing the registry writes. */
export type RegistryPath =
  | { kind: "format" | "index" | "attributes" | "workflow" | "other" }
  | { kind: "production" | "challenger"; model: string }
  /** What runs in an environment before production. */
  | { kind: "environment"; model: string; environment: string }
  /** The signed statement beside a pointer. */
  | { kind: "pointer-bundle"; model: string; pointer: string }
  | { kind: "version-file"; model: string; version: number; file: string };

export const formatFile = "registry.json";
export const indexFile = "README.md";
export const attributesFile = ".gitattributes";
/** GitHub runs it on pushes to the branch. */
export const workflowFile = ".github/workflows/registry.yml";
export const recordFile = "version.json";

export function modelFolder(model: string): string {
  return `models/${model}`;
}

export function productionFile(model: string): string {
  return `models/${model}/production.json`;
}

/** The file that says which version runs in an environment of a model. */
export function pointerFile(model: string, environment: string): string {
  return `models/${model}/${environment}.json`;
}

/** Whether a name can be an environment's: what else lies beside the pointers has names of its own. */
function isEnvironmentName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,38}$/.test(name) && name !== "challenger";
}

export function challengerFile(model: string): string {
  return `models/${model}/challenger.json`;
}

/** Beside a pointer file: the statement that signs it. */
export function pointerBundleFile(pointer: string): string {
  return pointer.replace(/\.json$/, ".sigstore.json");
}

export function versionsFolder(model: string): string {
  return `models/${model}/versions`;
}

export function versionFolder(model: string, version: number): string {
  return `models/${model}/versions/${version}`;
}

const fixed: Readonly<Record<string, RegistryPath>> = {
  [formatFile]: { kind: "format" },
  [indexFile]: { kind: "index" },
  [attributesFile]: { kind: "attributes" },
};

/** Reads a path of the branch back into what it stands for. */
export function parsePath(path: string): RegistryPath {
  const known = fixed[path];
  if (known) return known;
  if (/^\.github\/workflows\/[\w.-]+\.ya?ml$/.test(path)) return { kind: "workflow" };
  const [, model, rest] = /^models\/([a-z0-9-]+)\/(.+)$/s.exec(path) ?? [];
  if (!model || !rest) return { kind: "other" };
  if (rest === "production.json") return { kind: "production", model };
  if (rest === "challenger.json") return { kind: "challenger", model };
  const [, environment = ""] = /^([a-z0-9-]+)\.json$/.exec(rest) ?? [];
  if (isEnvironmentName(environment)) return { kind: "environment", model, environment };
  const [, pointer] = /^([a-z0-9-]+)\.sigstore\.json$/.exec(rest) ?? [];
  if (pointer) return { kind: "pointer-bundle", model, pointer };
  const [, version, file] = /^versions\/([1-9]\d{0,8})\/([\w.-]+)$/.exec(rest) ?? [];
  return version && file ? { kind: "version-file", model, version: Number(version), file } : { kind: "other" };
}

/** Whether a name can be a model's folder on the branch. */
export function isModelName(name: string): boolean {
  return /^[a-z0-9-]+$/.test(name);
}

/** The number of a version's folder; null for a name that is none, such as `03`. */
export function parseVersionNumber(name: string): number | null {
  return /^[1-9]\d{0,8}$/.test(name) ? Number(name) : null;
}
