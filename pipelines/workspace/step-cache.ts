import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import { EnvironmentError } from "../errors/environment-error.ts";
import { expectedFailure } from "../errors/expected-failure.ts";
import { type CodeOf, stepCode } from "./step-code.ts";
import { writeAside } from "./write-aside.ts";

/** Results of steps under the hash of their inputs and of the code that made them, so that a failed run goes on from its last good step. */
export interface StepCache {
  /** Whether stored results are read. */
  readonly enabled: boolean;
  /** The stored result, or null when there is none, it is unreadable, or the cache is off. */
  read<T>(step: string, inputs: unknown): Promise<T | null>;
  write(step: string, inputs: unknown, result: unknown): Promise<void>;
  readBytes(step: string, inputs: unknown): Promise<Uint8Array | null>;
  writeBytes(step: string, inputs: unknown, bytes: Uint8Array): Promise<void>;
}

/** A cache in `directory`; with `enabled` false it only writes, so that the next run profits. */
export function openStepCache(directory: string, enabled: boolean, codeOf: CodeOf = stepCode()): StepCache {
  const file = (step: string, inputs: unknown, extension: string) =>
    join(directory, step, `${sha256(canonicalJson({ code: codeOf(step), inputs })).slice(7, 47)}.${extension}`);
  return {
    enabled,
    async read<T>(step: string, inputs: unknown) {
      const text = enabled ? await readOrNull(file(step, inputs, "json")) : null;
      return text && parseOrNull<T>(text.toString());
    },
    write: (step, inputs, result) => orUnkept(writeAside(file(step, inputs, "json"), JSON.stringify(result))),
    async readBytes(step, inputs) {
      return enabled ? readOrNull(file(step, inputs, "bin")) : null;
    },
    writeBytes: (step, inputs, bytes) => orUnkept(writeAside(file(step, inputs, "bin"), bytes)),
  };
}

/** A full disk, or a checkout that may only be read, costs the next run time and this one nothing. */
async function orUnkept(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    if (!(expectedFailure(error) instanceof EnvironmentError)) throw error;
  }
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch {
    return null; // absent or unreadable: the step runs again
  }
}

function parseOrNull<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
