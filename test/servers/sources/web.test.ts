import { readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import { openDuckdbSession } from "../../../pipelines/data/engines/duckdb/duckdb-session.ts";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { failure, featureJob, type Project, scratchProject } from "../../data/feature-project.ts";
import { extensionFolder } from "../lake.ts";
import { engineWith, sourcesOf } from "./source-project.ts";

const csv = `id,x,y\n${Array.from({ length: 60 }, (_, i) => `${i},${i * 0.5},${i * 2}`).join("\n")}\n`;
const token = "t0ken-of-a-test-123";

let server: Server;
let host: string;
let project: Project;
const asked: string[] = [];

/** A web server with one folder, part of it for those with the token; what lies elsewhere nobody may ask for. */
beforeAll(async () => {
  project = await scratchProject();
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = answerTo(request);
    response.writeHead(answer.status, answer.headers);
    response.end(request.method === "HEAD" ? undefined : answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await project[Symbol.asyncDispose]();
});

function answerTo({ url = "", headers }: IncomingMessage): {
  status: number;
  headers: Record<string, string>;
  body?: string;
} {
  if (url === "/flights/moved.csv") return { status: 302, headers: { location: "http://127.0.0.1:1/secret.csv" } };
  if (url === "/own/x.csv" && headers.authorization !== `Bearer ${token}`) return { status: 401, headers: {} };
  if (!["/flights/x.csv", "/own/x.csv", "/secret.csv"].includes(url)) return { status: 404, headers: {} };
  const length = String(Buffer.byteLength(csv));
  return { status: 200, headers: { "content-length": length, etag: '"first"', "content-type": "text/csv" }, body: csv };
}

const sources = () =>
  sourcesOf(`sources:
  web: { type: http, url: ${host}/flights/ }
  own: { type: http, url: ${host}/own, auth: env, token: { env: WEB_TOKEN } }
`);

function job(query: string, env: Readonly<Record<string, string>> = {}) {
  return buildFeatures({ ...featureJob(project, query, { key: ["id"] }), engine: engineWith(sources(), env) });
}

test("a file of a web server is read, and its ETag is recorded", async () => {
  const result = await job('SELECT * FROM web."x.csv"');
  expect(result).toMatchObject({
    ok: true,
    sources: [{ source: "web", read: "objects", objects: [{ name: "x.csv", bytes: csv.length, etag: "first" }] }],
  });
  const alike = await job("SELECT * FROM read_csv(own.\"x.csv\", delim := ',')", { WEB_TOKEN: token });
  expect(alike).toMatchObject({ ok: true, train: (result as { train?: unknown }).train });
});

test("a wrong token and a file that is not there are told", async () => {
  const error = await job('SELECT * FROM own."x.csv"', { WEB_TOKEN: "t0ken-that-is-wrong" }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EnvironmentError);
  expect((error as Error).message).toMatch(/source own|HTTP 401/);
  expect((error as Error).message).not.toContain("t0ken");
  const missing = await job('SELECT * FROM web."none.csv"').catch((thrown: unknown) => thrown);
  expect((missing as Error).message).toMatch(/none\.csv/);
});

test("a redirect is not followed: the host is the one that was reviewed", async () => {
  const error = (await job('SELECT * FROM web."moved.csv"').catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toContain(
    "sends moved.csv on to http://127.0.0.1:1/secret.csv, which is not the host of the source",
  );
});

describe("a query that reaches out is refused", () => {
  test.each([
    ["a folder above", 'FROM web."../secret.csv"', "leaves the source with `..`"],
    ["a folder above in disguise", 'FROM web."%2e%2e/secret.csv"', "has dots or slashes in disguise"],
    ["another host", 'FROM web."http://127.0.0.1:1/x.csv"', "is an address"],
    ["a host without its scheme", 'FROM web."//127.0.0.1:1/x.csv"', "is not a path below the source"],
    ["a query", 'FROM web."x.csv?to=elsewhere"', "has a query"],
    ["a pattern", 'FROM web."*.csv"', "is a pattern, and a web server lists nothing"],
    ["an address", `FROM 'http://127.0.0.1:1/x.csv', web."x.csv"`, "is an address"],
  ])("%s", async (_title, from, message) => {
    expect((await failure(job(`SELECT * ${from}`))).message).toContain(message);
  });

  test("and nobody asked for anything but what was named", () => {
    expect(asked.filter((line) => line.includes("secret"))).toEqual([]);
  });
});

test("an extension that the operator's folder lacks is told with how to get it", async () => {
  const error = await failure(job('SELECT * FROM web."x.csv"', { MERGEML_DUCKDB_EXTENSIONS: project.root }));
  expect(error.message).toMatch(
    /DuckDB's extension httpfs \(v[0-9.]+\) is not in the folder that MERGEML_DUCKDB_EXTENSIONS names/,
  );
  expect(error.problems[0]?.hint).toContain("pip install --no-deps --target <folder> duckdb-extension-httpfs==");
});

test("an extension that DuckDB has installed before is loaded from there", async () => {
  using session = await openDuckdbSession({ readable: [] });
  const { version, platform } = await session.row("SELECT version() AS version, platform FROM pragma_platform()");
  const installed = join(project.root, ".mergeml/duckdb");
  const place = join(installed, String(version), String(platform));
  await mkdir(place, { recursive: true });
  const file = "httpfs.duckdb_extension";
  await copyFile(join(extensionFolder, "duckdb_extension_httpfs/extensions", String(version), file), join(place, file));
  const engine = engineWith(sources(), { MERGEML_DUCKDB_EXTENSIONS: "" }, installed);
  const result = await buildFeatures({ ...featureJob(project, 'SELECT * FROM web."x.csv"', { key: ["id"] }), engine });
  expect(result.ok).toBe(true);
});

test("a file that is no extension of this version is told", async () => {
  const name = "httpfs.duckdb_extension";
  await project.write(`broken/${name}`, readFileSync(join(import.meta.dirname, "web.test.ts"), "utf8").repeat(20));
  const error = await failure(
    job('SELECT * FROM web."x.csv"', { MERGEML_DUCKDB_EXTENSIONS: join(project.root, "broken") }),
  );
  expect(error.message).toContain("DuckDB's extension httpfs cannot be loaded");
});
