import type { FromVariable, SourceConfig, Sources } from "../../config/source-config.ts";
import type { Environment } from "../../ports/environment.ts";
import { MissingCredential } from "./missing-credential.ts";

/** The value of a variable that a source names. Throws MissingCredential when it is not set; the value is in no error. */
export function variableOf(source: string, { env: name }: FromVariable, env: Environment): string {
  const value = env[name]?.trim();
  if (value) return value;
  throw new MissingCredential(
    source,
    `the source ${source} needs the environment variable ${name}, which is not set`,
    `set ${name}: on GitHub, add it as a secret and pass it to the job; a fork's job has none, and a maintainer can run it`,
  );
}

/** Of each kind of sign-in, the variables that have its secrets unless the source names others. */
const usual: Partial<Record<SourceConfig["type"], readonly string[]>> = {
  s3: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  gcs: ["GCS_ACCESS_KEY_ID", "GCS_SECRET_ACCESS_KEY"],
  azure: ["AZURE_STORAGE_CONNECTION_STRING"],
};

/** The names of all variables that sources may take values from; none of these values may be shown. */
export function sourceVariables(sources: Sources): string[] {
  const named = Object.values(sources).flatMap((source) =>
    Object.values(source).flatMap((value) => (isVariable(value) ? value.env : [])),
  );
  return [...new Set([...named, ...Object.values(usual).flat()])];
}

function isVariable(value: unknown): value is FromVariable {
  return typeof value === "object" && value !== null && "env" in value;
}
