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
