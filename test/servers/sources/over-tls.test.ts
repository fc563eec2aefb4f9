import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flatsCsv, makeScratch, type Scratch } from "../../scratch.ts";
import { extensionFolder } from "../lake.ts";
import { selfSigned } from "../self-signed.ts";

const csv = flatsCsv();
const asked: string[] = [];
let scratch: Scratch;
let server: Server;
let certificate: string;

beforeAll(async () => {
  scratch = makeScratch();
  const made = selfSigned(scratch.folder);
  ({ certificate } = made);
  server = createServer(made, ({ method, headers }, answer) => {
    asked.push(`${method} ${/duckdb/i.test(headers["user-agent"] ?? "") ? "engine" : "node"}`);
    answer.writeHead(200, { "content-length": Buffer.byteLength(csv), etag: '"first"' });
    answer.end(method === "HEAD" ? undefined : csv);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  scratch.write("mergeml.yaml", `sources: { web: { type: http, url: "https://127.0.0.1:${port}/flats/" } }\n`);
  scratch.write("models/rent/features.sql", 'SELECT id, size, rooms, city, rent FROM web."2024.csv"\n');
  Object.assign(scratch.env, { MERGEML_DUCKDB_EXTENSIONS: extensionFolder, NODE_EXTRA_CA_CERTS: undefined });
});

afterAll(() => {
  server?.closeAllConnections();
  server?.close();
  scratch?.[Symbol.dispose]();
});

test("rows over https come from a server whose certificate is believed, and from no other", async () => {
  const refused = await scratch.mergeml("train", "rent");
  expect([refused.code, refused.stderr]).toEqual([
    3,
    expect.stringContaining("cannot be reached: self-signed certificate"),
  ]);
  expect(asked).toEqual([]);
  scratch.env.NODE_EXTRA_CA_CERTS = certificate;
  const trained = await scratch.mergeml("train", "rent");
  expect(trained.code, trained.stderr).toBe(0);
  expect(new Set(asked)).toEqual(new Set(["HEAD node", "HEAD engine", "GET engine"]));
});
