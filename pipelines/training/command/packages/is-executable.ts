import { constants } from "node:fs";
import { access } from "node:fs/promises";

/** Whether a file is there, through all links, and may be run. */
export async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
