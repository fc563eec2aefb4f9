import { UserError } from "../../errors/user-error.ts";

/** Fewer train rows than this are no ground to choose params on. */
const fewestRows = 10;

/** How many rows of a train split are kept for scoring trials. Throws UserError when there are too few rows to choose on. */
export function validationCount(rows: number, share: number): number {
  if (rows < fewestRows) {
    throw new UserError({
      message: `the train split has ${rows} rows; a search needs at least ${fewestRows}`,
      hint: "take the search block out, or give it more rows",
      key: "search",
    });
  }
  return Math.min(rows - 2, Math.max(1, Math.round(rows * share)));
}
