import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sha256 } from "../../config/canonical-json.ts";
import { plainBytes } from "../../config/line-ends.ts";
import { EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { ProgramSource } from "../trainer.ts";

/** Names in the scratch folder that are the contract's. */
const ours = ["train.parquet", "train.csv", "params.json", "columns.json", "model.onnx"];

/** The scratch folder of one training; nothing of it is left when its scope ends. */
export interface WorkFolder extends AsyncDisposable {
  /** Where the program runs. */
  path: string;
  home: string;
  temporary: string;
  writeJson(name: string, content: unknown): Promise<void>;
}

/**
 * Makes a scratch folder with copies of the program's files, and of no others: what the program reads is what the candidate's
 * identity covers. Throws UserError for a file that has the name of one of ours, or that changed since it was hashed.
 */
export async function makeWorkFolder(source: Pick<ProgramSource, "folder" | "files">): Promise<WorkFolder> {
  return fillWorkFolder(await realpath(await mkdtemp(join(tmpdir(), "mergeml-command-"))), source);
}

/** As `makeWorkFolder`, in a folder that is there and empty. */
export async function fillWorkFolder(
  root: string,
  source: Pick<ProgramSource, "folder" | "files">,
): Promise<WorkFolder> {
  const [path, home, temporary] = [join(root, "work"), join(root, "home"), join(root, "tmp")];
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 3 });
  try {
    for (const folder of [path, home, temporary]) await mkdir(folder);
    for (const [file, hash] of Object.entries(source.files)) await copyVerified(source.folder, path, file, hash);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    path,
    home,
    temporary,
    writeJson: (name, content) => writeFile(join(path, name), `${JSON.stringify(content, null, 2)}\n`),
    [Symbol.asyncDispose]: remove,
  };
}

async function copyVerified(from: string, to: string, file: string, hash: string): Promise<void> {
  if (ours.includes(file)) throw taken(file);
  const copy = join(to, file);
  await mkdir(dirname(copy), { recursive: true });
  try {
    await copyFile(join(from, file), copy);
  } catch (cause) {
    const detail = { tried: `to copy ${file} for the training`, safe: "nothing was trained" };
    throw new EnvironmentError(`cannot copy ${file}: ${(cause as Error).message}`, detail, { cause });
  }
  const bytes = await readFile(copy);
  const plain = plainBytes(bytes);
  if (plain !== bytes) await rewrite(copy, plain);
  if (sha256(plain) !== hash) {
    throw new UserError({ message: `${file} changed while the model was prepared.`, hint: "run the command again" });
  }
}

/** The program runs as git keeps it, with the same right to be executed. */
async function rewrite(file: string, bytes: Buffer): Promise<void> {
  const { mode } = await stat(file);
  await rm(file);
  await writeFile(file, bytes, { mode });
}

function taken(file: string): UserError {
  return new UserError({
    message: `${file} lies in the model's folder, and the program gets or writes a file of that name.`,
    hint: `rename it, delete it, or leave it out of params.files`,
    key: "params.files",
  });
}

/** A longer line is cut; whoever prints a matrix on one line gets its beginning. Characters. */
const longestLine = 2000;

/** Lines kept of the end of an output, for the error when the program fails. */
const keptLines = 40;

/** Cuts a stream of text into lines. Memory is bounded whatever comes: also when no line ever ends. */
export class OutputLines {
  readonly #each: (line: string) => void;
  readonly #decoder = new TextDecoder();
  readonly #last: string[] = [];
  #rest = "";
  #cutting = false;

  constructor(each: (line: string) => void) {
    this.#each = each;
  }

  /** The end of what was written. */
  get last(): readonly string[] {
    return this.#last;
  }

  write(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Tells the last line also when it was not ended. */
  end(): void {
    this.#take(this.#decoder.decode());
    if (this.#rest !== "") this.#tell(this.#rest);
    this.#rest = "";
  }

  // A progress bar returns the carriage to draw itself again: each drawing is a line.
  #take(text: string): void {
    const pieces = text.split(/\r\n|\n|\r/);
    for (const [at, piece] of pieces.entries()) {
      this.#append(piece);
      if (at < pieces.length - 1) this.#endLine();
    }
  }

  #append(piece: string): void {
    if (this.#cutting) return;
    this.#rest += piece;
    if (this.#rest.length <= longestLine) return;
    this.#tell(`${this.#rest.slice(0, longestLine)} …`);
    this.#rest = "";
    this.#cutting = true;
  }

  #endLine(): void {
    if (!this.#cutting && this.#rest.trim() !== "") this.#tell(this.#rest);
    this.#rest = "";
    this.#cutting = false;
  }

  #tell(line: string): void {
    this.#last.push(line);
    if (this.#last.length > keptLines) this.#last.shift();
    this.#each(line);
  }
}
