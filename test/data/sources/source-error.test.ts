import { expect, test } from "vitest";
import { sourceError } from "../../../pipelines/data/engines/duckdb/sources/source-error.ts";
import type { UsedSource } from "../../../pipelines/data/engines/duckdb/sources/source-names.ts";
import { locateWord, sqlText } from "../../../pipelines/data/engines/engine.ts";
import { EnvironmentError, UserError } from "../../../pipelines/errors/expected-error.ts";

const lake: UsedSource = {
  name: "lake",
  config: { type: "s3", url: "s3://acme-lake/ml/" },
  access: { kind: "s3", endpoint: null, region: "eu-central-1", keys: null },
  paths: ["x.parquet"],
};
const shop: UsedSource = {
  name: "shop",
  config: { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] },
  access: { kind: "database", url: "postgres://a" },
  paths: ["features.orders"],
};

const fromDuckdb = (exception_type: string, exception_message: string) =>
  new Error(JSON.stringify({ exception_type, exception_message }));

test.each<[string, string, string, string, boolean]>([
  [
    "an expired token",
    "HTTP",
    "HTTP GET error on 's3://acme-lake/ml/x.parquet' (HTTP 400 Bad Request)\n\nExpiredToken: The provided token has expired.",
    "the source lake cannot be read: the credentials have expired",
    false,
  ],
  [
    "a refusal",
    "HTTP",
    "HTTP GET error reading 's3://acme-lake/ml/x.parquet' (HTTP 403 Forbidden)",
    "the source lake cannot be read: it does not let this job in",
    false,
  ],
  [
    "a busy server",
    "HTTP",
    "HTTP GET error on 's3://acme-lake/ml/x.parquet' (HTTP 503 Slow Down)",
    "the source lake cannot be read: it cannot be reached",
    true,
  ],
  [
    "a server that is away",
    "IO",
    "Could not establish connection error for HTTP HEAD to 's3://acme-lake/ml/x.parquet'",
    "the source lake cannot be read: it cannot be reached",
    true,
  ],
  [
    "a wrong password",
    "IO",
    'Unable to connect to Postgres at "…": FATAL:  password authentication failed for user "reader"',
    "the source shop cannot be read: it does not let this job in",
    false,
  ],
  [
    "a time limit",
    "Invalid",
    "Failed to execute query: ERROR:  canceling statement due to statement timeout on connection",
    "the source shop cannot be read: it ended a statement at its time limit",
    false,
  ],
  [
    "a database that is not there",
    "IO",
    'Unable to connect to Postgres at "…": FATAL:  database "nowhere" does not exist',
    "the source shop cannot be read: there is no such database",
    false,
  ],
  [
    "a text that is no address",
    "IO",
    'Unable to connect to Postgres at "***": missing "=" after "***" in connection info string',
    "the source shop cannot be read: the value of its variable is no address of a database",
    false,
  ],
  [
    "a bucket that is not there",
    "HTTP",
    "HTTP GET error reading 's3://acme-lake/ml/' (HTTP 404 Not Found)\nNoSuchBucket: The specified bucket does not exist.",
    "the source lake cannot be read: there is no such bucket",
    false,
  ],
  [
    "what nobody foresaw",
    "IO",
    "Something new happened to 's3://acme-lake/ml/x.parquet'",
    "the source lake cannot be read: Something new happened",
    false,
  ],
  [
    "a lost connection",
    "IO",
    "server closed the connection unexpectedly",
    "the source shop cannot be read: it cannot be reached",
    true,
  ],
])("%s is told of the source it is about", (_title, type, message, told, passing) => {
  const found = sourceError(fromDuckdb(type, message), [lake, shop], "to run features.sql");
  expect(found?.error).toBeInstanceOf(EnvironmentError);
  expect(found?.error.message).toContain(told);
  expect(found?.passing).toBe(passing);
});

test("an object that is not there is the user's to mend, and what is no source's is left alone", () => {
  const missing = fromDuckdb("HTTP", "HTTP GET error reading 's3://acme-lake/ml/x.parquet' (HTTP 404 Not Found)");
  const sql = sqlText("models/x/features.sql", 'SELECT x\nFROM lake."x.parquet"');
  const { error } = sourceError(missing, [lake, shop], "to run it", (source) => locateWord(sql, source))!;
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).problems[0]!.where).toMatchObject({ file: "models/x/features.sql", line: 2, column: 6 });
  expect(sourceError(fromDuckdb("Binder", "Referenced column x not found"), [lake], "to run it")).toBeNull();
  expect(sourceError(missing, [], "to run it")).toBeNull();
  const told = sourceError(fromDuckdb("IO", "Connection refused"), [lake], "to connect to it")!.error;
  expect(sourceError(told, [lake, shop], "to run it")).toBeNull(); // not told twice
  expect(sourceError(new UserError({ message: "timeout" }), [lake], "to run it")).toBeNull();
});
