/** How a column writes its numbers: `decimal` before the fraction, `grouped` when something parts the thousands. */
export interface Notation {
  decimal: "." | ",";
  grouped: boolean;
  /** Spaces or apostrophes part the thousands, which no reader's option knows. */
  spaced: boolean;
}

/** How many of a column's values are written in a way; the names say how such a value looks. */
export interface ValueCounts {
  /** `12`, of at most 18 digits */
  whole: number;
  /** `007`: a code, because a number would not begin so. */
  code: number;
  /** `1.5`, `1e5` */
  dot: number;
  /** `1.234`: a fraction, or thousands. */
  dot_or_group: number;
  /** `1,5` */
  comma: number;
  /** `1,234`: a fraction, or thousands. */
  comma_or_group: number;
  /** `1,234,567`, `1,234.5` */
  comma_groups: number;
  /** `1.234.567`, `1.234,5` */
  dot_groups: number;
  /** `1 234`, `1'234.5` */
  spaced: number;
  /** `1 234,5` */
  spaced_comma: number;
  /** `true` or `false`, as the engine writes them; any other word stays the word that it is. */
  boolean: number;
  /** Any other. */
  word: number;
}

/** What separates the columns and how the file's other columns write numbers decides what a column alone leaves open. */
export interface FileNotation {
  decimal: "." | ",";
}

/** SQL that names the way a trimmed, not empty text is written: a key of `ValueCounts`. Whatever casts to a number is not matched again. */
export function valueClass(text: string): string {
  const is = (pattern: string) => `regexp_full_match(${text}, '${pattern}')`;
  const [sign, groupComma, groupDot] = ["[+-]?", "\\d{1,3}(,\\d{3})+", "\\d{1,3}(\\.\\d{3})+"];
  const groupSpace = "\\d{1,3}([ ''’\u00a0\u202f]\\d{3})+";
  return `CASE
    WHEN TRY_CAST(${text} AS DOUBLE) IS NOT NULL THEN CASE
      WHEN ${is(`${sign}0\\d+`)} THEN 'code'
      WHEN ${is(`${sign}\\d{1,18}`)} THEN 'whole'
      WHEN ${is(`${sign}[1-9]\\d{0,2}\\.\\d{3}`)} THEN 'dot_or_group'
      WHEN contains(${text}, '_') THEN 'word'
      ELSE 'dot' END
    WHEN ${text} IN ('true', 'false') THEN 'boolean'
    WHEN NOT regexp_matches(${text}, '^[+-]?[,.]?\\d') THEN 'word'
    WHEN ${is(`${sign}[1-9]\\d{0,2},\\d{3}`)} THEN 'comma_or_group'
    WHEN ${is(`${sign}\\d*,\\d+([eE][+-]?\\d+)?`)} THEN 'comma'
    WHEN ${is(`${sign}${groupComma}(\\.\\d+)?`)} THEN 'comma_groups'
    WHEN ${is(`${sign}${groupDot}(,\\d+)?`)} THEN 'dot_groups'
    WHEN ${is(`${sign}${groupSpace}(\\.\\d+)?`)} THEN 'spaced'
    WHEN ${is(`${sign}${groupSpace},\\d+`)} THEN 'spaced_comma'
    ELSE 'word' END`;
}

/** Whether every value is a number in some notation; `code` is none. */
export function isNumbers(counts: ValueCounts): boolean {
  return counts.code + counts.boolean + counts.word === 0 && total(counts) > 0 && !isMixed(counts);
}

export function total(counts: ValueCounts): number {
  return Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);
}

function isMixed(counts: ValueCounts): boolean {
  return provesComma(counts) && provesDot(counts);
}

function provesComma({ comma, dot_groups, spaced_comma }: ValueCounts): boolean {
  return comma + dot_groups + spaced_comma > 0;
}

function provesDot({ dot, comma_groups }: ValueCounts): boolean {
  return dot + comma_groups > 0;
}

/** What most columns of numbers prove; when none proves anything, a comma in a file that is not separated by commas is a decimal one. */
export function fileNotation(columns: readonly ValueCounts[], delimiter: string): FileNotation {
  const comma = columns.filter((each) => isNumbers(each) && provesComma(each)).length;
  const dot = columns.filter((each) => isNumbers(each) && provesDot(each)).length;
  const open = columns.some((each) => isNumbers(each) && each.comma_or_group > 0);
  if (comma === 0 && dot === 0) return { decimal: open && delimiter !== "," ? "," : "." };
  return { decimal: comma > dot ? "," : "." };
}

/** The notation of a column of numbers. */
export function columnNotation(counts: ValueCounts, file: FileNotation): Notation {
  const decimal = provesComma(counts) ? "," : provesDot(counts) ? "." : file.decimal;
  const groups =
    decimal === "," ? counts.dot_groups + counts.dot_or_group : counts.comma_groups + counts.comma_or_group;
  return { decimal, grouped: groups > 0, spaced: counts.spaced + counts.spaced_comma > 0 };
}
