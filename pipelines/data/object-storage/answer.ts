import type { IncomingHttpHeaders } from "node:http";
import type { HashedFile } from "./hashed-file.ts";

/** An answer whose body is not read yet. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Appends the body to a file, up to `most` bytes. Throws FinalError for more, and anything else for a cut; the file has what came before. */
  pour(file: HashedFile, most: number): Promise<void>;
  /** Leaves the body where it is. */
  drop(): void;
}

/** An error that is no cut: asking again would not help. */
export class FinalError extends Error {}
