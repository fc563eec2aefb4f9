import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sources } from "../../../pipelines/config/model-config.ts";
import { duckdb } from "../../../pipelines/data/engines/duckdb/duckdb.ts";
import { openStaging } from "../../../pipelines/data/engines/spark-sql/staging-area.ts";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { type StorageServer, secretKey, startAzure, startS3 } from "../object-storage.ts";
import { scratchFolder } from "../start-server.ts";

const container = "abfss://acme-models@devstoreaccount1.dfs.core.windows.net";

/** What a cluster leaves in a folder, as DuckDB writes it: two files of rows, and what is none of them. */
const left = [
  "part-00000-a.c000.parquet",
  "part-00001-a.c000.parquet",
  "_SUCCESS",
  "_temporary/0/part-00000-b.parquet",
];

describe.each([
  ["a bucket", startS3, "s3://acme-models/farm/staging/"],
  ["a container", startAzure, `${container}/farm/staging`],
] as const)("a staging area in %s", (_title, start, address) => {
  let server: StorageServer;
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  let sources: Sources;

  beforeAll(async () => {
    [server, scratch] = [await start(), await scratchFolder("staging")];
    const { endpoint } = server;
    sources = address.startsWith("s3:")
      ? { lake: { type: "s3", url: "s3://acme-models/lake/", endpoint, region: "us-east-1" } }
      : { lake: { type: "azure", url: `${container}/lake/`, endpoint } };
    for (const [at, name] of left.entries()) await put(`mergeml-1/${name}`, await rowsFile(at));
    await put("mergeml-10/part-00000-a.c000.parquet", await rowsFile(9));
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await scratch?.[Symbol.asyncDispose]();
  });

  const put = (key: string, bytes: Uint8Array) => server.open().put(`farm/staging/${key}`, bytes);

  async function rowsFile(at: number): Promise<Buffer> {
    const file = join(scratch.path, `rows-${at}.parquet`);
    using session = await openSession({ readable: [], writable: [file] });
    await session.save(`SELECT ${at} * 1000 + i AS n, 'é' || i AS s FROM range(3) AS t(i)`, file);
    return readFileSync(file);
  }

  const open = (env: Readonly<Record<string, string>> = server.env) =>
    openStaging(address, { name: "farm", sources, env, files: duckdb });

  async function collected(folder: string): Promise<unknown[]> {
    const local = mkdtempSync(join(scratch.path, "run-"));
    const file = join(local, "train.parquet");
    try {
      await open().collect(folder, file);
      expect(readdirSync(local)).toEqual(["train.parquet"]);
      using session = await openSession({ readable: [local] });
      return (await session.rows(`SELECT n, s FROM read_parquet(${quoteText(file)})`)).map(({ n, s }) => `${n} ${s}`);
    } finally {
      expect(existsSync(join(local, `${folder}.parts`))).toBe(false);
      rmSync(local, { recursive: true });
    }
  }

  async function keys(): Promise<string[]> {
    const found = [];
    for await (const { key } of server.open().list("farm/staging/")) found.push(key.slice("farm/staging/".length));
    return found;
  }

  test("is read as the source of its bucket says, its rows in the order of the files, and removed whole", async () => {
    expect(open().url("mergeml-1")).toBe(`${address.replace(/\/$/, "")}/mergeml-1`);
    expect(await collected("mergeml-1")).toEqual(["0 é0", "1 é1", "2 é2", "1000 é0", "1001 é1", "1002 é2"]);
    await open().remove("mergeml-1");
    await open().remove("mergeml-1");
    expect(await keys()).toEqual(["mergeml-10/part-00000-a.c000.parquet"]);
  });

  test("tells of a folder that is not there, and of somebody who may not read it", async () => {
    await expect(collected("mergeml-2")).rejects.toThrow(/there is no Parquet file of the cluster in .*mergeml-2/);
    const wrong = Object.fromEntries(Object.keys(server.env).map((name) => [name, "bm90IHRoZSBrZXk="]));
    const refused: unknown = await open({ ...server.env, ...wrong })
      .collect("mergeml-10", join(scratch.path, "x.parquet"))
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EnvironmentError);
    expect(JSON.stringify(refused)).not.toContain(secretKey);
    // Before the cluster has done anything.
    await expect(open({}).prepare("mergeml-3")).rejects.toMatchObject({ name: "MissingCredential" });
  });
});
