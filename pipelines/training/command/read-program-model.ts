import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors/user-error.ts";

/** Larger than any model that a gate could score in time, smaller than what protobuf can hold (2 GiB). */
const mostBytes = 1024 ** 3;

/** The bytes of the model.onnx that a program left in `folder`. Throws UserError when it is missing, empty, huge, or no plain file. */
export async function readProgramModel(folder: string): Promise<Uint8Array> {
  // Neither follows a link, which could lead out of the folder, nor waits for a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, "model.onnx"), flags).catch((cause: NodeJS.ErrnoException) => cause);
  if (file instanceof Error) throw file.code === "ENOENT" ? await missing(folder) : refused(reasonOf(file), file);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refused(found.isDirectory() ? "it is a folder" : "it is not a plain file");
    if (found.nlink > 1) throw refused("it has a second name (a hard link)");
    if (found.size === 0) throw refused("it is empty");
    if (found.size > mostBytes) {
      throw refused(`it has ${found.size.toLocaleString("en-US")} bytes; at most ${mostBytes.toLocaleString("en-US")}`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ELOOP" || code === "EMLINK") return "it is a link";
  return code === "ENXIO" ? "it is not a plain file" : message;
}

function refused(reason: string, cause?: Error): UserError {
  const hint = "write the model's bytes into a plain file model.onnx in the folder where the program starts";
  return new UserError({ message: `The program's model.onnx cannot be used: ${reason}.`, hint }, cause && { cause });
}

async function missing(folder: string): Promise<UserError> {
  const names = (await readdir(folder)).sort();
  return new UserError({
    message: `The program ended well, but wrote no model.onnx. The folder has: ${names.slice(0, 20).join(", ") || "nothing"}.`,
    hint: "write model.onnx into the folder where the program starts, not beside the script",
  });
}
