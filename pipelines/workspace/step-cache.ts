import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import { EnvironmentError, expectedFailure } from "../errors/expected-error.ts";
import type { SharedSteps } from "./shared-steps.ts";
import { type CodeOf, stepCode } from "./step-code.ts";
import { writeAside } from "./write-aside.ts";

/** How a result is found from other machines. */
export interface Elsewhere {
  /** What the inputs are on every machine, where those of this one have something of it, such as times of files. */
  inputs?(): Promise<unknown>;
  /** Datasets that the result names. */
  datasets?: readonly string[];
}

/** Results of steps under the hash of their inputs and of the code that made them, so that a failed run goes on from its last good step. */
export interface StepCache {
  /** Whether stored results are read. */
  readonly enabled: boolean;
  /** Results of other machines; null where none are taken or left. */
  readonly shared: SharedSteps | null;
  /**
   * The stored result, or null when there is none, it is unreadable, or the cache is off. With `elsewhere`, other machines are
   * asked for what is not here.
   */
  read<T>(step: string, inputs: unknown, elsewhere?: Elsewhere): Promise<T | null>;
  write(step: string, inputs: unknown, result: unknown, elsewhere?: Elsewhere): Promise<void>;
  readBytes(step: string, inputs: unknown, elsewhere?: Elsewhere): Promise<Uint8Array | null>;
  writeBytes(step: string, inputs: unknown, bytes: Uint8Array, elsewhere?: Elsewhere): Promise<void>;
}

export interface CacheOptions {
  codeOf?: CodeOf;
  shared?: SharedSteps | null;
}

/** A cache in `directory`; with `enabled` false it only writes, so that the next run profits. */
export function openStepCache(
  directory: string,
  enabled: boolean,
  { codeOf = stepCode(), shared = null }: CacheOptions = {},
): StepCache {
  const file = (step: string, inputs: unknown, extension: string) =>
    join(directory, step, `${sha256(canonicalJson({ code: codeOf(step), inputs })).slice(7, 47)}.${extension}`);
  const keyOf = async (step: string, inputs: unknown, extension: string, elsewhere: Elsewhere) => ({
    code: codeOf(step),
    extension,
    inputs: (await elsewhere.inputs?.()) ?? inputs,
  });
  const load = async (step: string, inputs: unknown, extension: string, elsewhere?: Elsewhere) => {
    if (!enabled) return null;
    const path = file(step, inputs, extension);
    const here = await readOrNull(path);
    if (here || !shared || !elsewhere) return here;
    const bytes = await shared.read(step, await keyOf(step, inputs, extension, elsewhere));
    if (bytes) await orUnkept(writeAside(path, bytes));
    return bytes;
  };
  const save = async (step: string, inputs: unknown, [extension, bytes]: Kept, elsewhere?: Elsewhere) => {
    await orUnkept(writeAside(file(step, inputs, extension), bytes));
    if (!shared || !elsewhere) return;
    await shared.write(step, await keyOf(step, inputs, extension, elsewhere), bytes, elsewhere.datasets ?? []);
  };
  return {
    enabled,
    shared,
    async read<T>(step: string, inputs: unknown, elsewhere?: Elsewhere) {
      const text = await load(step, inputs, "json", elsewhere);
      return text && parseOrNull<T>(Buffer.from(text).toString());
    },
    write: (step, inputs, result, elsewhere) =>
      save(step, inputs, ["json", Buffer.from(JSON.stringify(result))], elsewhere),
    readBytes: (step, inputs, elsewhere) => load(step, inputs, "bin", elsewhere),
    writeBytes: (step, inputs, bytes, elsewhere) => save(step, inputs, ["bin", bytes], elsewhere),
  };
}

type Kept = [extension: "json" | "bin", bytes: Uint8Array];

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
