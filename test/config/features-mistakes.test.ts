import { expect, test } from "vitest";
import { type Mistake, saidAbout } from "./mistakes.ts";

// Mistakes in features and checks: each is shown with its place, what was found and what was expected.
const mistakes: readonly Mistake[] = [
  [
    "an engine that is planned",
    "engine: duckdb",
    "engine: spark",
    "10:11+5 features.engine: spark is neither an engine nor a source of mergeml.yaml that runs queries",
  ],
  [
    "an unknown engine",
    "engine: duckdb",
    "engine: duckbd",
    "10:11+6 features.engine: duckbd is neither an engine nor a source of mergeml.yaml that runs queries | did you mean duckdb?",
  ],
  [
    "a query outside the folder",
    "query: features.sql",
    "query: ../other/features.sql",
    '11:10+21 features.query must be the path of a file in the model\'s folder, not "../other/features.sql"',
  ],
  [
    "an absolute query",
    "query: features.sql",
    "query: /etc/passwd",
    '11:10+11 features.query must be the path of a file in the model\'s folder, not "/etc/passwd"',
  ],
  ["a window without an end", ", end: 2001-04-01", "", "12:3+6 features.window.end is missing"],
  [
    "a day that does not exist",
    "start: 2001-01-01",
    "start: 2001-02-29",
    '12:20+10 features.window.start must be a date that exists, not "2001-02-29"',
  ],
  [
    "a date in another order",
    "start: 2001-01-01",
    "start: 01.01.2001",
    '12:20+10 features.window.start must be a date that exists, not "01.01.2001"',
  ],
  [
    "a date that is a number",
    "start: 2001-01-01",
    "start: 20010101",
    "12:20+8 features.window.start must be an ISO date or UTC timestamp such as 2001-01-01, not 20010101",
  ],
  [
    "a window that ends before it starts",
    "end: 2001-04-01",
    "end: 2000-04-01",
    "12:37+10 features.window.end must be after start, but 2000-04-01 is not after 2001-01-01",
  ],
  [
    "an empty window",
    "end: 2001-04-01",
    "end: 2001-01-01",
    "12:37+10 features.window.end must be after start, but 2001-01-01 is not after 2001-01-01",
  ],
  [
    "a key that is the target",
    "key: flight_id",
    "key: [flight_id, delay]",
    '14:11+5 features.target is "delay", which is features.key too',
  ],
  [
    "a time that is the key",
    "time: departed_at",
    "time: FLIGHT_ID",
    '15:9+9 features.time is "FLIGHT_ID", which is features.key too',
  ],
  [
    "a time that is the target",
    "time: departed_at",
    "time: delay",
    '15:9+5 features.time is "delay", which is features.target too',
  ],
  ["a key listed twice", "key: flight_id", "key: [a, b, a]", '13:15+1 features.key lists "a" twice'],
  [
    "an empty key list",
    "key: flight_id",
    "key: []",
    "13:8+2 features.key must be a column name or a list of column names, not an empty list",
  ],
  [
    "a split by an unknown thing",
    "by: time, test",
    "by: tme, test",
    '16:16+3 features.split.by must be time or key, not "tme" | did you mean time?',
  ],
  [
    "a split by time without a time",
    "  time: departed_at",
    "  # ",
    "16:16+4 features.split.by is time, but features.time is missing",
  ],
  [
    "a group of a split by time",
    "by: time, test: 0.2",
    "by: time, group: tail_number",
    "16:29+11 features.split.group keeps rows on one side by their group, and features.split.by is time",
  ],
  [
    "a group that is the target",
    "by: time, test: 0.2",
    "by: key, group: delay",
    '16:28+5 features.split.group is "delay", which is features.target too',
  ],
  [
    "a group that is the key",
    "by: time, test: 0.2",
    "by: key, group: flight_id",
    '16:28+9 features.split.group is "flight_id", which is features.key too: each row would be a group of its own',
  ],
  [
    "a test share of one",
    "test: 0.2",
    "test: 1",
    "16:28+1 features.split.test must be a number above 0 and below 1, not 1",
  ],
  [
    "a test share as a text",
    "test: 0.2",
    "test: 20%",
    '16:28+3 features.split.test must be a number above 0 and below 1, not "20%"',
  ],
  ["a check of nothing", "{ rows: { min: 10000 } }", "{ not_null: true }", "20:7+18 features.checks[2] has no subject"],
  [
    "a check without a rule",
    "{ rows: { min: 10000 } }",
    "{ column: carrier }",
    '20:7+19 features.checks[2] has no rule about "carrier"',
  ],
  [
    "a check of a column and rows",
    "{ rows: { min: 10000 } }",
    "{ column: carrier, unique: true, rows: { min: 1 } }",
    "20:40+4 features.checks[2] is about a column and about rows",
  ],
  [
    "an unknown rule",
    "not_null: true",
    "notnull: true",
    "18:27+7 features.checks[0].notnull is not a known key | did you mean not_null?",
  ],
  [
    "a rule switched off",
    "not_null: true",
    "not_null: false",
    "18:37+5 features.checks[0].not_null must be true, not false",
  ],
  [
    "a between in the wrong order",
    "[0, 6000]",
    "[6000, 0]",
    "18:52+9 features.checks[0].between is [low, high], but 6000 is above 0",
  ],
  [
    "a between of three",
    "[0, 6000]",
    "[0, 1, 2]",
    "18:52+9 features.checks[0].between must be a list of two values, low and high, such as [0, 6000], not [0, 1, 2]",
  ],
  [
    "a between of mixed kinds",
    "[0, 6000]",
    "[0, 2001-01-01]",
    "18:52+15 features.checks[0].between must hold two numbers or two dates, not one of each",
  ],
  [
    "a between of words",
    "[0, 6000]",
    "[low, high]",
    '18:53+3 features.checks[0].between must hold numbers or ISO dates, not "low"',
  ],
  [
    "a between open on both sides",
    "[0, 6000]",
    "[null, ~]",
    "18:52+9 features.checks[0].between is open on both sides",
  ],
  [
    "mostly above one",
    "not_null: true",
    "not_null: true, mostly: 1.5",
    "18:51+3 features.checks[0].mostly must be a number above 0 and at most 1, not 1.5",
  ],
  [
    "mostly without a rule it softens",
    "distinct_count: { max: 400 }",
    "distinct_count: { max: 400 }, mostly: 0.9",
    "19:55+6 features.checks[1].mostly has no effect here",
  ],
  [
    "a quantile out of range",
    "distinct_count: { max: 400 }",
    "quantile: { q: 95, max: 3 }",
    "19:40+2 features.checks[1].quantile.q must be a number from 0 to 1, not 95",
  ],
  [
    "a quantile without a bound",
    "distinct_count: { max: 400 }",
    "quantile: { q: 0.5 }",
    "19:35+10 features.checks[1].quantile must be a quantile and its bounds, such as { q: 0.99, max: 3000 }, not { q: 0.5 }",
  ],
  [
    "a pattern that is too long",
    "distinct_count: { max: 400 }",
    "matches: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    '19:34+501 features.checks[1].matches must be a regular expression of 1 to 500 characters, not "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"',
  ],
  [
    "a column compared with itself",
    "distinct_count: { max: 400 }",
    "compare: { op: <, column: Origin }",
    '19:51+6 features.checks[1].compare compares "origin" with itself',
  ],
  [
    "an unknown operator",
    "distinct_count: { max: 400 }",
    "compare: { op: =, column: x }",
    '19:40+1 features.checks[1].compare.op must be <, <=, ==, !=, >= or >, not "="',
  ],
  [
    "a negative row count",
    "rows: { min: 10000 }",
    "rows: { min: -1 }",
    "20:22+2 features.checks[2].rows.min must be a whole number of at least 0, not -1",
  ],
  [
    "bounds without a side",
    "rows: { min: 10000 }",
    "rows: {}",
    "20:15+2 features.checks[2].rows must be bounds on a count, such as { min: 1000 }, not an empty block",
  ],
  [
    "bounds in the wrong order",
    "rows: { min: 10000 }",
    "rows: { min: 10, max: 1 }",
    "20:22+2 features.checks[2].rows: min 10 is above max 1",
  ],
  [
    "an unknown severity",
    "severity: warn",
    "severity: warning",
    '19:65+7 features.checks[1].severity must be block or warn, not "warning" | did you mean warn?',
  ],
];

test.each(mistakes.map((mistake) => ({ title: mistake[0], mistake })))("$title", ({ mistake }) => {
  expect(saidAbout(mistake)).toEqual(mistake.slice(3));
});
