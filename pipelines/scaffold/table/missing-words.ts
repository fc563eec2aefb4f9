/** Words that stand for "no value" in any column, a column of categories too, as R, pandas, databases and spreadsheets write it. */
export const missingWords: ReadonlySet<string> = new Set([
  "na",
  "n/a",
  "n.a.",
  "<na>",
  "#n/a",
  "#na",
  "#n/a n/a",
  "nan",
  "-nan",
  "null",
  "(null)",
  "\\n",
  "?",
]);

/** Words that stand for it where all other values of the column are numbers, and may be a category elsewhere: `none`, `-`. */
const amongNumbers = [
  "-",
  "--",
  "---",
  "–",
  "—",
  ".",
  "..",
  "...",
  "*",
  "none",
  "nil",
  "missing",
  "unknown",
  "undefined",
  "not available",
  "empty",
  "(blank)",
  "#value!",
  "#ref!",
  "#div/0!",
  "#num!",
  "#name?",
  "1.#qnan",
  "-1.#ind",
];

/** All of them, folded to lower case and without spaces around. */
export const missingAmongNumbers: ReadonlySet<string> = new Set([...missingWords, ...amongNumbers]);
