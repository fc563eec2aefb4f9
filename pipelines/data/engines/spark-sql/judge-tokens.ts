import type { Problem } from "../../../errors/expected-error.ts";
import { locateByte, type SqlText } from "../engine.ts";
import { type Token, tokensOf } from "./sql-tokens.ts";

/** A query taken apart, with what speaks against it. */
interface JudgedTokens {
  tokens: readonly Token[];
  /** Names of parameters as written, without `$`. */
  parameters: readonly string[];
  problems: readonly Problem[];
}

/** Judges all that can be told before the query is sent: its first words, its functions, whether it is one statement. */
export function judgeTokens(sql: SqlText): JudgedTokens {
  const { tokens, unclear } = tokensOf(sql.text);
  const at = (index: number) => locateByte(sql, Buffer.byteLength(sql.text.slice(0, index)));
  const problems: Problem[] = [];
  const refuse = (message: string, hint: string, index: number) => problems.push({ message, hint, where: at(index) });
  if (unclear) refuse(unclear.message, unclear.hint, unclear.start);
  if (sql.text.includes("${"))
    refuse(
      "the query has ${ in it, which Spark replaces before it reads the query",
      "take it apart: concat('$', '{')",
      sql.text.indexOf("${"),
    );
  const kept = withoutLastSemicolon(tokens);
  judgeShape(kept, refuse);
  for (const index of kept.keys()) judgeToken(kept, index, refuse);
  const parameters = kept.filter(({ kind }) => kind === "parameter").map(({ text }) => text.slice(1));
  return { tokens: kept, parameters: [...new Set(parameters)], problems };
}

type Refuse = (message: string, hint: string, index: number) => void;

const oneSelect = "a feature query is exactly one SELECT";

function withoutLastSemicolon(tokens: Token[]): Token[] {
  return tokens.at(-1)?.text === ";" ? tokens.slice(0, -1) : tokens;
}

function judgeShape(tokens: readonly Token[], refuse: Refuse): void {
  const first = tokens.find(({ text }) => text !== "(");
  if (!first || !/^(select|with)$/i.test(first.text)) {
    refuse(first ? `the query begins with ${first.text}` : "the query is empty", oneSelect, first?.start ?? 0);
  }
  let depth = 0;
  for (const { text, start } of tokens) {
    if (text === ";") refuse("the query has more than one statement", oneSelect, start);
    depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    if (depth < 0) {
      refuse("a parenthesis is closed that was not opened", oneSelect, start);
      return;
    }
  }
  if (depth > 0) refuse("a parenthesis is not closed", oneSelect, tokens.at(-1)?.start ?? 0);
}

const refusedWords: Readonly<Record<string, string>> = {
  tablesample: "its rows are others each time",
  limit: "which rows are left depends on their order, which a cluster does not keep",
  offset: "which rows are left depends on their order, which a cluster does not keep",
  match_recognize: "it depends on the order of rows",
};

const ofSession =
  /^(current_(date|time|timestamp|user|catalog|database|schema|timezone)|session_user|localtimestamp|curdate)$/;

function judgeToken(tokens: readonly Token[], index: number, refuse: Refuse): void {
  const token = tokens[index]!;
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  const name = nameOf(token);
  if (token.kind === "word" && name in refusedWords && before?.text !== ".") {
    refuse(`${name.toUpperCase()} is not taken in a feature query`, refusedWords[name]!, token.start);
  }
  if (token.kind === "word" && ofSession.test(name) && before?.text !== ".") {
    refuse(
      `${name} is not taken in a feature query`,
      "the dataset must not depend on who asks, or when; use $start and $end",
      token.start,
    );
  }
  if (isFileFormat(tokens, index) || (token.kind === "quoted" && /[/:\\]/.test(token.text) && before?.text === ".")) {
    refuse(
      "the query reads files by their path",
      "read a table of the source's schemas; a column with such a name needs another one first",
      token.start,
    );
  }
  if (token.kind === "word" && name === "using" && after?.kind === "string") {
    refuse("the query runs a program on the cluster", "use SQL", token.start);
  }
  if (
    token.kind === "word" &&
    name === "rows" &&
    /^(between|unbounded|current|\d+)$/i.test(after?.text ?? "") &&
    isFrame(before)
  ) {
    refuse("a window over ROWS depends on their order", "use RANGE, which takes equal rows together", token.start);
  }
  if (after?.text === "(" && (token.kind === "word" || token.kind === "quoted")) judgeCall(tokens, index, refuse);
}

const fileFormats = /^(parquet|csv|json|orc|text|avro|xml|delta|iceberg|hudi|binaryfile|image|libsvm|jdbc|kafka|hive)$/;

/** Whether files follow where a table's name is: `FROM parquet.`…``. A column `json.name` is none. */
function isFileFormat(tokens: readonly Token[], index: number): boolean {
  const [before, , after, path] = [index - 1, index, index + 1, index + 2].map((at) => tokens[at]);
  if (!fileFormats.test(nameOf(tokens[index]!)) || after?.text !== ".") return false;
  return /^(from|join|table)$/i.test(before?.text ?? "") || (before?.text === "," && path?.kind === "quoted");
}

/** A name before a frame is the end of an ORDER BY or of a PARTITION BY. */
function isFrame(before: Token | undefined): boolean {
  return before !== undefined && before.text !== "." && before.text !== ",";
}

function nameOf({ kind, text }: Token): string {
  return (kind === "quoted" ? text.slice(1, -1) : text).toLowerCase();
}

function judgeCall(tokens: readonly Token[], index: number, refuse: Refuse): void {
  const token = tokens[index]!;
  const before = tokens[index - 1];
  const name = nameOf(token);
  if (token.kind === "word" && wordsBeforeParenthesis.has(name) && before?.text !== ".") return;
  // A name for a table, with names for its columns.
  if (before?.kind === "word" && /^(as|with|recursive)$/i.test(before.text)) return;
  if (sums.has(name) && before?.text !== ".") {
    if (isExact(argument(tokens, index + 1))) return;
    const hint = `write ${name}(CAST(… AS DECIMAL(38, 6))), or count_if(…): sums of floating point come out differently from run to run`;
    refuse(`${name}() of what is not an exact number by its words`, hint, token.start);
    return;
  }
  if (before?.text !== "." && sparkFunctions.has(name)) return;
  refuse(`${name}() is not taken in a feature query`, whyRefused(name), token.start);
}

/** What is between a parenthesis and the one that closes it. */
function argument(tokens: readonly Token[], open: number): readonly Token[] {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    depth += tokens[at]!.text === "(" ? 1 : tokens[at]!.text === ")" ? -1 : 0;
    if (depth === 0) return tokens.slice(open + 1, at);
  }
  return [];
}

const exactType = /^(decimal|dec|numeric|bigint|long|int|integer|smallint|short|tinyint|byte)$/i;

/** Whether an expression is one whole CAST to an exact type, or an integer. */
function isExact(tokens: readonly Token[]): boolean {
  const [first, ...rest] = tokens[0]?.text.toLowerCase() === "distinct" ? tokens.slice(1) : tokens;
  if (rest.length === 0) return /^\d+$/.test(first?.text ?? "");
  if (!/^(try_)?cast$/i.test(first?.text ?? "")) return false;
  const inside = argument(rest, 0);
  if (inside.length !== rest.length - 2) return false;
  const types = inside.slice(inside.findLastIndex(({ text }) => /^as$/i.test(text)) + 1);
  return exactType.test(types[0]?.text ?? "");
}

const words = (text: string) => text.trim().split(/\s+/);

/** Functions whose value comes of their arguments alone, whatever the order of rows; a list, so that what a new version brings stays refused. */
const sparkFunctions: ReadonlySet<string> = new Set(
  words(`
  abs acos acosh add_months aggregate approx_count_distinct array array_append array_compact array_contains array_distinct
  array_except array_insert array_intersect array_join array_max array_min array_position array_prepend array_remove array_repeat
  array_size array_sort array_union arrays_overlap arrays_zip ascii asin asinh atan atan2 atanh base64 bigint bin binary bit_and
  bit_count bit_get bit_length bit_or bit_xor bool_and bool_or boolean bround btrim cardinality cast cbrt ceil ceiling char
  char_length character_length chr coalesce concat concat_ws contains conv convert_timezone cos cosh cot count count_if crc32 csc
  cume_dist date date_add date_diff date_format date_from_unix_date date_part date_sub date_trunc dateadd datediff datepart day
  dayname dayofmonth dayofweek dayofyear decimal decode degrees dense_rank div double e element_at elt encode endswith equal_null
  every exists exp explode explode_outer expm1 extract factorial filter find_in_set flatten float floor forall format_number
  format_string from_csv from_json from_unixtime from_utc_timestamp get get_json_object getbit greatest grouping grouping_id hash
  hex hour hypot if ifnull ilike initcap inline inline_outer instr int isnan isnotnull isnull json_array_length json_object_keys
  json_tuple lcase least left len length levenshtein like ln locate log log10 log1p log2 lower lpad ltrim luhn_check make_date
  make_dt_interval make_interval make_timestamp make_timestamp_ltz make_timestamp_ntz make_ym_interval map map_concat
  map_contains_key map_entries map_filter map_from_arrays map_from_entries map_keys map_values map_zip_with mask max md5 median min
  minute mod month monthname months_between named_struct nanvl negative next_day nullif nullifzero nvl nvl2 octet_length overlay
  parse_json parse_url percent_rank percentile percentile_cont percentile_disc pi pmod posexplode posexplode_outer position
  positive pow power printf quarter radians rank reduce regexp regexp_count regexp_extract regexp_extract_all regexp_instr
  regexp_like regexp_replace regexp_substr repeat replace reverse right rint rlike round rpad rtrim sec second sentences sequence
  sha sha1 sha2 shiftleft shiftright shiftrightunsigned sign signum sin sinh size slice smallint some sort_array soundex space split
  split_part sqrt stack startswith str_to_map string struct substr substring substring_index tan tanh timestamp timestamp_micros
  timestamp_millis timestamp_seconds timestampadd timestampdiff tinyint to_binary to_char to_csv to_date to_json to_number
  to_timestamp to_timestamp_ltz to_timestamp_ntz to_unix_timestamp to_utc_timestamp to_varchar transform transform_keys
  transform_values translate trim trunc try_add try_cast try_divide try_element_at try_mod try_multiply try_parse_json try_subtract
  try_to_binary try_to_date try_to_number try_to_timestamp try_url_decode try_variant_get typeof ucase unbase64 unhex unix_date
  unix_micros unix_millis unix_seconds unix_timestamp upper url_decode url_encode variant_explode variant_get weekday weekofyear
  width_bucket xxhash64 year zeroifnull zip_with`),
);

/** Of numbers in floating point these depend on the order in which the cluster adds them, and are taken of exact numbers alone. */
const sums: ReadonlySet<string> = new Set(words("sum avg mean try_sum try_avg"));

/** Words that a parenthesis may follow and that are no functions. */
const wordsBeforeParenthesis: ReadonlySet<string> = new Set(
  words(`
  all and any as between by case cross cube distinct else end except exists filter from full group having ilike in inner intersect
  interval is join lateral left like limit minus natural not on or order outer over partition pivot qualify recursive regexp right
  rlike rollup select semi anti sets some then union unpivot using values view when where with within`),
);

/** Why a function is refused, where there is more to say than that it is none of the allowed ones. */
const because: readonly (readonly [RegExp, string])[] = [
  [
    /^(stddev|var|std$|corr|covar|regr_|kurtosis|skewness)/,
    "it adds numbers in the order in which the cluster finds them; compute it from sums of decimals",
  ],
  [
    /^(first|last|any_value|nth_value|lag|lead|row_number|ntile|collect_|array_agg|listagg|string_agg|max_by|min_by|mode$)/,
    "its value depends on the order of rows, which a cluster does not keep; prepare it in a table or a view there, or use min, max or rank",
  ],
  [
    /^(rand|randn|random|randstr|uniform|uuid|shuffle|monotonically|spark_partition_id)/,
    "its value is another one each time",
  ],
  [/^(current_|now$|localtimestamp|curdate|getdate)/, "the dataset must not depend on the clock; use $start and $end"],
];

/** Why a function is not taken. */
function whyRefused(name: string): string {
  return (
    because.find(([pattern]) => pattern.test(name))?.[1] ??
    "feature queries have Spark's functions that come of their arguments alone"
  );
}
