import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import type { FeatureData } from "../../../pipelines/data/dataset-store.ts";
import { openDuckdbSession } from "../../../pipelines/data/engines/duckdb/duckdb-session.ts";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { featureJob, type Project, scratchProject } from "../../data/feature-project.ts";
import { writeAzureIceberg } from "../lake.ts";
import { type StorageServer, startAzure } from "../object-storage.ts";
import { scratchFolder } from "../start-server.ts";
import { engineWith, sourcesOf } from "./source-project.ts";

let server: StorageServer;
let project: Project;

beforeAll(async () => {
  [server, project] = await Promise.all([startAzure(), scratchProject()]);
  const file = join(project.root, "rows.parquet");
  using session = await openDuckdbSession({ readable: [], writable: [file] });
  await session.save("SELECT i AS id, i * 0.5 AS x, i * 2.0 AS y FROM range(200) AS t(i)", file);
  await server.open().put("ml/trips/a.parquet", await readFile(file));
  await server.open().put("ml/trips/b.csv", Buffer.from("id,x,y\n1000,1,2\n"));
  await writeFile(join(project.root, "data/empty.csv"), "a\n1\n");
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

function job(query: string, env: Readonly<Record<string, string>>) {
  const yaml = `sources: { blobs: { type: azure, url: az://acme-models/ml/, account: devstoreaccount1, endpoint: "${server.endpoint}" } }`;
  return buildFeatures({ ...featureJob(project, query, { key: ["id"] }), engine: engineWith(sourcesOf(yaml), env) });
}

test("files of an Azure container are read, and their ETags are recorded", async () => {
  const result = await job('SELECT id, x, y FROM blobs."trips/*.parquet"', server.env);
  expect(result).toMatchObject({
    ok: true,
    sources: [
      { source: "blobs", read: "objects", objects: [{ name: "trips/a.parquet", etag: expect.stringMatching(/./) }] },
    ],
  });
});

test("a snapshot of an Iceberg table is recorded, and read again when it is asked for", async () => {
  const rides = `{ type: iceberg, url: az://acme-models/rides, account: devstoreaccount1, endpoint: "${server.endpoint}" }`;
  const engine = () => engineWith(sourcesOf(`sources: { rides: ${rides} }`), server.env);
  await using folder = await scratchFolder("azure-iceberg");
  const built = async (pinned?: FeatureData["sources"]) => {
    const read = featureJob(project, "SELECT id, x, origin, y FROM rides", { key: ["id"] });
    const result = await buildFeatures({ ...read, engine: engine(), pinned });
    if (!result.ok) throw new Error("a check failed");
    return result;
  };
  await writeAzureIceberg(server.open(), folder.path, 0, 400);
  const first = await built();
  await writeAzureIceberg(server.open(), folder.path, 400, 100);
  const second = await built();
  const again = await built(first.sources);
  expect([first, second, again].map(({ train, test }) => train.rows + test.rows)).toEqual([400, 500, 400]);
  expect(again.train.fingerprint).toBe(first.train.fingerprint);
});

test("a wrong key is told without it", async () => {
  const key = Buffer.from("another key of a test").toString("base64");
  const error = await job('SELECT id, x, y FROM blobs."trips/*.parquet"', { AZURE_STORAGE_KEY: key }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EnvironmentError);
  expect((error as Error).message).toMatch(/source blobs cannot be read|container acme-models/);
  expect((error as Error).message).not.toContain(key);
});
