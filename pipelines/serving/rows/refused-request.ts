/** One value of a request that the model cannot take. Rows count from 1; null: the whole column, or the whole row. */
export interface CellProblem {
  row: number | null;
  column: string | null;
  /** In words: what is there, what was expected. */
  message: string;
}

/** What a client has to mend, with the HTTP status that says so. */
export class RefusedRequest extends Error {
  readonly status: number;
  readonly problems: readonly CellProblem[];

  constructor(status: number, message: string, problems: readonly CellProblem[] = []) {
    super(message);
    this.name = "RefusedRequest";
    this.status = status;
    this.problems = problems;
  }
}

/** Told in one answer, so that a wrong batch of thousands of rows does not give a larger one. */
const mostTold = 10;

/** Collects what is wrong with the rows of a request. */
export class CellProblems {
  readonly #told: CellProblem[] = [];
  #found = 0;

  /** `message` is put together only when it will be told. */
  add(row: number | null, column: string | null, message: () => string): void {
    this.#found += 1;
    if (this.#told.length < mostTold) this.#told.push({ row, column, message: message() });
  }

  /** Throws RefusedRequest (422) when something was found. */
  refuse(): void {
    const [first] = this.#told;
    if (first === undefined) return;
    const more = this.#found - 1;
    const place = first.row === null ? "" : `row ${first.row}: `;
    throw new RefusedRequest(422, `${place}${first.message}${more > 0 ? ` (and ${more} more)` : ""}`, this.#told);
  }
}

/** A value as an error shows it, however long it is. */
export function shownValue(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : typeof value;
}
