import { dirname, join } from "node:path";
import type { Problem } from "../../errors/user-error.ts";
import { sha256 } from "../canonical-json.ts";
import type { LoadedModel } from "../load-models.ts";
import { readLargeProjectFile } from "../project-file.ts";
import { lockFileOf, lockNames } from "./lock-kind.ts";

/** More faults of one file than anybody mends by hand. */
const mostFaults = 10;

type Read = { files: Record<string, string>; problems: Problem[] };

/**
 * The hashes of the files that `params.environment` names, by path in the model's folder, and every line of them that leaves open
 * which bytes are installed. Nothing where none is named.
 */
export function readLock(root: string, { config, file, locate }: Omit<LoadedModel, "files">): Read {
  const named = config.params.environment as string | undefined;
  if (named === undefined) return { files: {}, problems: [] };
  const folder = dirname(file);
  const key = "params.environment";
  const refuse = (message: string, hint: string, where = locate(["params", "environment"])): Problem => {
    return { message, hint, where, key, severity: "error" };
  };
  const lock = lockFileOf(named);
  if (!lock)
    return { files: {}, problems: [refuse(`${named} is no kind of lock file that is known`, `name ${lockNames}`)] };
  const found: Read = { files: {}, problems: [] };
  for (const [path, need] of Object.entries(lock.files)) {
    const read = readLargeProjectFile(root, `${folder}/${path}`);
    if (read.state === "read") found.files[path] = sha256(read.text);
    else if (read.state === "refused")
      found.problems.push(refuse(`${folder}/${path} cannot be used: ${read.reason}`, "put the file itself there"));
    else if (need === "needed")
      found.problems.push(
        refuse(
          `${folder}/${path} is not there`,
          `${named} is a file of the model's folder: write it there and commit it`,
        ),
      );
    if (read.state !== "read" || path !== lock.locked) continue;
    const faults = lock.check(read.text).slice(0, mostFaults);
    const at = (line: number) => ({ file: join(folder, path), line, column: 1 });
    found.problems.push(...faults.map(({ line, message, hint }) => refuse(message, hint, at(line))));
  }
  return found;
}
