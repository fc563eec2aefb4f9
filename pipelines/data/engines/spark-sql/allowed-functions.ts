const words = (text: string) => text.trim().split(/\s+/);

/** Functions whose value comes of their arguments alone, whatever the order of rows; a list, so that what a new version brings stays refused. */
export const sparkFunctions: ReadonlySet<string> = new Set(
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
export const sums: ReadonlySet<string> = new Set(words("sum avg mean try_sum try_avg"));

/** Words that a parenthesis may follow and that are no functions. */
export const wordsBeforeParenthesis: ReadonlySet<string> = new Set(
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
export function whyRefused(name: string): string {
  return (
    because.find(([pattern]) => pattern.test(name))?.[1] ??
    "feature queries have Spark's functions that come of their arguments alone"
  );
}
