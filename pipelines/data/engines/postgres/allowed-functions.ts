/** Words of one list. */
function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter(Boolean));
}

/**
 * What a query may call, by name: functions of their arguments alone, of those that PostgreSQL 15 has. A list of what is allowed,
 * so that what a new version or an extension brings stays refused: those of files (pg_read_file, lo_export), of other servers
 * (dblink), of SQL in texts (query_to_xml, table_to_xml), of settings, sessions, locks, sequences, the clock and chance.
 */
export const allowedFunctions = words(`
  avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every max min mode percentile_cont percentile_disc
  regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp sum
  var_pop var_samp variance array_agg string_agg json_agg json_object_agg jsonb_agg jsonb_object_agg range_agg range_intersect_agg
  cume_dist dense_rank percent_rank rank first_value lag last_value lead nth_value ntile row_number
  abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees div exp
  factorial floor gcd lcm ln log log10 min_scale mod pi pow power radians round scale sign sin sind sinh sqrt tan tand tanh
  trim_scale trunc width_bucket
  ascii bit_count bit_length btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode format
  initcap left length like_escape lower lpad ltrim md5 normalize is_normalized octet_length overlay position quote_literal
  regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
  regexp_substr repeat replace reverse right rpad rtrim sha224 sha256 sha384 sha512 similar_escape similar_to_escape split_part
  starts_with string_to_array string_to_table strpos substr substring to_ascii to_hex translate unistr upper get_bit get_byte
  set_bit set_byte to_char to_number
  age date_bin date_part date_trunc extract isfinite justify_days justify_hours justify_interval make_date make_interval
  make_time make_timestamp make_timestamptz overlaps timezone to_date to_timestamp date timestamp timestamptz
  bool int2 int4 int8 float4 float8 numeric text varchar bpchar interval
  array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions array_prepend
  array_remove array_replace array_to_string array_upper cardinality trim_array unnest generate_series generate_subscripts
  array_to_json json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
  json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_strip_nulls json_to_record
  json_to_recordset json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
  jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
  jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first
  jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json
  to_jsonb
  daterange int4range int8range numrange tsrange tstzrange isempty lower_inc lower_inf upper_inc upper_inf range_merge
  num_nonnulls num_nulls abbrev broadcast family host hostmask masklen netmask network
  tsvector_to_array numnode`);

/** Those whose value is made of rows in their order. */
export const orderedAggregates = words("array_agg string_agg json_agg json_object_agg jsonb_agg jsonb_object_agg");

/** Those whose value is the place of a row among others. */
export const orderedWindows = words("row_number lag lead first_value last_value nth_value ntile");

/** What a query may cast to: not `regclass` and its like, which read the catalogue. */
export const allowedTypes = words(`
  bool int2 int4 int8 float4 float8 numeric text varchar bpchar char name date time timetz timestamp timestamptz interval uuid
  json jsonb jsonpath bytea bit varbit inet cidr macaddr macaddr8 int4range int8range numrange tsrange tstzrange daterange`);

const changing = "it gives another value on every run, and the same data must give the same dataset";

/** Why a function is refused, and what to do instead. */
export function refusalOf(name: string): { reason: string; hint: string } {
  if (/^(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)$/.test(name))
    return { reason: changing, hint: "use $start and $end of features.window, or write the date out" };
  if (/^(random|random_normal|setseed|gen_random_uuid|uuidv\d)$/.test(name))
    return { reason: changing, hint: "to take part of the rows, use a hash of a column: WHERE md5(id::text) < '19'" };
  return {
    reason: "it is not among the functions of their arguments alone",
    hint: "take its value from a view of the database, whose owner answers for it",
  };
}
