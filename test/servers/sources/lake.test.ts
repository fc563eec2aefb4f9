import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import type { FeatureData } from "../../../pipelines/data/dataset-store.ts";
import { failure, featureJob, type Project, scratchProject } from "../../data/feature-project.ts";
import { type Lake, writeLake } from "../lake.ts";
import { type StorageServer, startS3 } from "../object-storage.ts";
import { engineWith, sourcesOf } from "./source-project.ts";

let server: StorageServer;
let project: Project;
let lake: Lake;
let settings: string;

beforeAll(async () => {
  server = await startS3();
  project = await scratchProject({ "data/a.csv": "id,x,y\n1,2,3\n" });
  lake = { endpoint: server.endpoint, env: server.env, catalog: join(project.root, "catalog.db") };
  settings = `endpoint: ${server.endpoint}, region: us-east-1`;
  await writeLake(lake, "parquet", "s3://acme-models/ml/trips/a.parquet", 0, 300);
  await writeLake(lake, "parquet", "s3://acme-models/ml/trips/b.parquet", 300, 300);
  await writeLake(lake, "parquet", "s3://acme-models/other/c.parquet", 0, 10);
  await writeLake(lake, "delta", "s3://acme-models/delta", 0, 400);
  await writeLake(lake, "iceberg", "s3://acme-models/rides", 0, 400);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

function sources() {
  return sourcesOf(`sources:
  lake: { type: s3, url: s3://acme-models/ml/, ${settings} }
  trips: { type: delta, url: s3://acme-models/delta }
  rides: { type: iceberg, url: s3://acme-models/rides, ${settings}, auth: env }
`);
}

async function built(
  query: string,
  env: Readonly<Record<string, string>> = server.env,
  pinned?: FeatureData["sources"],
) {
  const job = featureJob(project, query, { key: ["id"] });
  const result = await buildFeatures({ ...job, engine: engineWith(sources(), env), pinned });
  if (!result.ok) throw new Error("a check failed");
  return result;
}

const rowsOf = ({ train, test }: FeatureData) => train.rows + test.rows;

test("files of a bucket are read by pattern, and their ETags are recorded", async () => {
  const result = await built('SELECT id, x, origin, y FROM lake."trips/*.parquet"');
  expect(rowsOf(result)).toBe(600);
  expect(result.sources).toEqual([
    {
      source: "lake",
      read: "objects",
      objects: [
        { name: "trips/a.parquet", bytes: expect.any(Number), etag: expect.stringMatching(/^[0-9a-f]{32}/) },
        { name: "trips/b.parquet", bytes: expect.any(Number), etag: expect.stringMatching(/^[0-9a-f]{32}/) },
      ],
    },
  ]);
});

test("a file of a bucket may be read with options, joined with files, and in order", async () => {
  const query = `SELECT t.id, t.x, sum(t.x) OVER (ORDER BY t.id ROWS 3 PRECEDING) AS s, t.y
    FROM read_parquet([lake."trips/a.parquet", lake."trips/b.parquet"]) AS t LEFT JOIN 'a.csv' AS a ON a.id = t.id`;
  const [one, two] = [await built(query), await built(query)];
  expect(rowsOf(one)).toBe(600);
  expect(two.train.fingerprint).toBe(one.train.fingerprint);
});

test("a version of a Delta table is recorded, and read again when it is asked for", async () => {
  const query = "SELECT id, x, origin, y FROM trips";
  const first = await built(query);
  expect([rowsOf(first), first.sources]).toEqual([400, [{ source: "trips", read: "table", version: "0" }]]);
  await writeLake(lake, "delta", "s3://acme-models/delta", 400, 100);
  const second = await built(query);
  expect([rowsOf(second), second.sources]).toEqual([500, [{ source: "trips", read: "table", version: "1" }]]);
  const again = await built(query, server.env, first.sources);
  expect([again.train.fingerprint, again.sources]).toEqual([first.train.fingerprint, first.sources]);
});

test("so is a snapshot of an Iceberg table", async () => {
  const query = "SELECT id, x, origin, y FROM rides AS r WHERE r.id >= 0";
  const first = await built(query);
  await writeLake(lake, "iceberg", "s3://acme-models/rides", 400, 100);
  const second = await built(query);
  const again = await built(query, server.env, first.sources);
  expect([first, second, again].map(rowsOf)).toEqual([400, 500, 400]);
  expect(again.train.fingerprint).toBe(first.train.fingerprint);
});

describe("a query that reaches out of its sources is refused", () => {
  const url = "s3://acme-models";
  test.each([
    ["another prefix", 'FROM lake."../other/c.parquet"', "leaves the source with `..`"],
    ["another prefix in the middle", 'FROM lake."trips/../../other/c.parquet"', "leaves the source"],
    ["an address", 'FROM lake."s3://acme-models/other/c.parquet"', "is an address"],
    ["an address as a file", `FROM '${url}/other/c.parquet' JOIN trips USING (id)`, "is an address"],
    [
      "a scan of a table of its own",
      `FROM delta_scan('${url}/delta') JOIN trips USING (id)`,
      "delta_scan may not be used",
    ],
    [
      "a scan of its own of Iceberg",
      `FROM iceberg_scan('${url}/rides') JOIN rides USING (id)`,
      "iceberg_scan may not be used",
    ],
    ["the secrets", "FROM trips, duckdb_secrets()", "duckdb_secrets may not be used"],
    ["which secret", `FROM trips, which_secret('${url}/ml/x', 's3')`, "which_secret may not be used"],
    ["a database", "FROM trips, postgres_scan('host=127.0.0.1', 'public', 't')", "postgres_scan may not be used"],
    ["a query on a database", "FROM trips, postgres_query('shop', 'SELECT 1')", "postgres_query may not be used"],
    ["writing", "SELECT id, write_blob('/tmp/x', origin) AS w FROM trips", "write_blob"],
    ["metadata", `FROM trips, iceberg_metadata('${url}/rides')`, "iceberg_metadata may not be used"],
    ["a list of objects", `FROM trips, glob('${url}/*')`, "glob may not be used"],
    ["a version", "FROM trips AT (VERSION => 0)", "AT (VERSION …) is not allowed"],
    ["a table of the engine", "FROM trips, duckdb_databases()", "duckdb_databases may not be used"],
    ["a source that is not named", 'FROM lakes."a.parquet"', "there is no table"],
    ["a directory", "FROM lake", "does not say which file"],
  ])("%s", async (_title, query, message) => {
    const select = query.startsWith("SELECT") ? query : `SELECT * ${query}`;
    const job = { ...featureJob(project, select, { key: ["id"] }), engine: engineWith(sources(), server.env) };
    expect((await failure(buildFeatures(job))).message).toContain(message);
  });
});
