import type { FromVariable } from "../../config/source-config.ts";
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
