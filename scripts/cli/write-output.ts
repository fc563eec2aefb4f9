import { resolve } from "node:path";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { writeAside } from "../../pipelines/workspace/write-aside.ts";

/** Writes a text where an option such as `--report` says. Throws UserError when nothing can be written there. */
export async function writeOutput(option: string, path: string, text: string, directory: string): Promise<void> {
  try {
    await writeAside(resolve(directory, path), text);
  } catch (cause) {
    const message = `${option} ${path} cannot be written: ${(cause as Error).message}`;
    throw new UserError({ message, hint: "name a file in a folder that you may write to" }, { cause });
  }
}
