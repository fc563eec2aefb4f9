import { mkdtempSync, readdirSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import { EnvironmentError, UserError } from "../../../pipelines/errors/expected-error.ts";
import { featureJob, scratchProject } from "../../data/feature-project.ts";
import { startPostgres } from "../postgres.ts";
import { openShop, type Shop, shopEngine, shopJob, shopPassword } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(`
    CREATE TABLE features.orders AS SELECT i AS id, i * 2.5 AS amount, md5(i::text) AS code FROM generate_series(1, 200000) AS i;
    CREATE TABLE features.hidden (x int); REVOKE ALL ON features.hidden FROM reader;
    CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc;
    CREATE DATABASE strict; REVOKE TEMPORARY ON DATABASE strict FROM public;`);
  await shop.server.sql("CREATE SCHEMA features; GRANT USAGE ON SCHEMA features TO reader", "strict");
});

afterAll(() => shop[Symbol.asyncDispose]());

const orders = "SELECT id, amount, code FROM features.orders";

/** What is thrown, after a look that no form of the password is in it. */
async function thrownBy(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: Error) => thrown,
  );
  const told: unknown[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    told.push(each.message, each.stack, JSON.stringify(each, null, 1), JSON.stringify((each as UserError).problems));
  for (const secret of [shopPassword, encodeURIComponent(shopPassword), "of the reader"])
    expect(told.join("\n")).not.toContain(secret);
  return error;
}

const run = (url: string, text = orders, seconds = 20) =>
  shopEngine(url).query(shopJob(shop.staging, text, { limits: { memory_gb: 1, threads: 1, seconds } }));

test.each([
  ["a server that is away", () => `postgres://reader:${encodeURIComponent(shopPassword)}@127.0.0.1:1/postgres`],
  ["a host that does not exist", () => `postgres://reader:${encodeURIComponent(shopPassword)}@host.invalid/postgres`],
])("%s is tried again, and then the environment's fault", async (_, url) => {
  const error = await thrownBy(run(url()));
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.message).toMatch(
    /^source shop: no connection to PostgreSQL at reader@.*: (nothing listens there|there is no host|its name)/,
  );
  expect(error).toMatchObject({ safe: "nothing was stored" });
});

test.each([
  ["a server that does not encrypt", "", "it does not encrypt connections, which its sslmode asks for"],
  ["a file that is not there", "&sslrootcert=/nowhere.pem", "the file /nowhere.pem, which its address names"],
])("%s is told, and not asked again", async (_, more, words) => {
  const error = await thrownBy(run(`${shop.url}?sslmode=verify-full${more}`));
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.message).toContain(words);
});

test("a certificate that nobody vouches for is not believed", async () => {
  await using secure = await startPostgres({ ssl: "on" });
  await secure.sql(`CREATE ROLE reader LOGIN PASSWORD '${shopPassword}'; CREATE SCHEMA features; GRANT USAGE ON SCHEMA features TO reader;
    CREATE TABLE features.orders AS SELECT 1 AS id, 2.5 AS amount, 'a' AS code; GRANT SELECT ON features.orders TO reader`);
  const url = `${secure.urlOf("reader", shopPassword)}?sslmode=verify-full`;
  expect((await thrownBy(run(url))).message).toMatch(/its certificate is not believed \(self-signed certificate\)/);
  const result = await run(`${url}&sslrootcert=${secure.certificate}`);
  expect(result.rows).toBe(1);
  await result.close();
});

test("a query that gives no rows is told", async () => {
  await using project = await scratchProject();
  const query = "SELECT id, amount AS y FROM features.orders WHERE amount < 0";
  const job = { ...featureJob(project, query, { key: ["id"] }), engine: shop.engine };
  expect((await thrownBy(buildFeatures(job))).message).toMatch(/the query \S+ returns no rows/);
});

test("a server that is there a moment later is waited for", async () => {
  await shop.server.stop();
  const [result] = await Promise.all([
    run(shop.url),
    new Promise((resolve) => setTimeout(resolve, 300)).then(shop.server.start),
  ]);
  expect(result.rows).toBe(200_000);
  await result.close();
});

test.each([
  [
    "a wrong password",
    () => shop.server.urlOf("reader", "wrong"),
    "the server refuses the password at reader@127.0.0.1",
  ],
  ["an unknown role", () => shop.server.urlOf("nobody", shopPassword), "the server refuses the password"],
  [
    "no address",
    () => shopPassword,
    "the environment variable SHOP_URL is not the address of a PostgreSQL database with a user",
  ],
  [
    "a misspelt option",
    () => `${shop.url}?sslmod=require`,
    "its address has the option sslmod, which PostgreSQL does not have",
  ],
  ["a piece of a password", () => `${shop.url}?password=a&s3cr3t`, "its address has an option, which"],
  ["no user", () => "postgres://127.0.0.1/postgres", "is not the address of a PostgreSQL database"],
  ["no such database", () => shop.server.urlOf("reader", shopPassword, "gone"), `database "gone" does not exist`],
  ["another encoding", () => shop.server.urlOf("reader", shopPassword, "latin"), "has the encoding LATIN1"],
  [
    "no temporary tables",
    () => shop.server.urlOf("reader", shopPassword, "strict"),
    "may make no temporary tables in reader@",
  ],
])("%s is told once and plainly", async (_, url, words) => {
  const error = await thrownBy(run(url()));
  expect(error.message).toContain(words);
});

test("a schema that is missing is told with those that are there", async () => {
  const error = await thrownBy(
    shopEngine(shop.url, ["feature"]).prepare(shopJob(shop.staging, "SELECT 1 AS x FROM feature.orders")),
  );
  expect((error as UserError).problems).toMatchObject([
    {
      message: "source shop has no schema feature, or its role may not use it",
      hint: expect.stringContaining("did you mean features?"),
    },
  ]);
});

test.each([
  [
    "a table that is missing",
    "SELECT 1 AS x,\n  2 AS y FROM features.order",
    `relation "features.order" does not exist`,
    [2, 15],
  ],
  [
    "a column that is missing",
    "SELECT id, amonut FROM shop.features.orders",
    `column "amonut" does not exist`,
    [1, 12],
  ],
  [
    "a column behind texts of several bytes",
    "SELECT 'é😀' AS x, amonut FROM features.orders",
    `column "amonut" does not exist`,
    [1, 20],
  ],
  [
    "a table that the role may not read",
    "SELECT x FROM features.hidden",
    "permission denied for table hidden",
    [1, 24],
  ],
  [
    "a function of other arguments",
    "SELECT lower(id) AS x FROM features.orders",
    "function lower(integer) does not exist",
    [1, 8],
  ],
  ["two columns of one name", "SELECT id, amount AS ID FROM features.orders", "two columns named id", [1, 8]],
])("%s is found before the query is run", async (_, text, message, [line, column]) => {
  const error = await thrownBy(shop.engine.prepare(shopJob(shop.staging, text)));
  expect(error).toBeInstanceOf(UserError);
  const [problem] = (error as UserError).problems;
  expect(problem?.message).toContain(message);
  expect(problem?.where).toMatchObject({ line, column });
});

test("a value that cannot be converted is told where the query converts it", async () => {
  const error = await thrownBy(run(shop.url, "SELECT id, code::int AS x FROM features.orders"));
  expect((error as UserError).problems).toMatchObject([
    { message: expect.stringContaining("invalid input syntax for type integer") },
  ]);
});

/** Passes bytes on to the server until it is told to hold them back, or to cut the connections after so many more. */
async function openProxy() {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let held = false;
  const proxy = createServer((client) => {
    const server = connect(shop.server.port, "127.0.0.1");
    for (const socket of [client, server]) sockets.add(socket.on("error", () => {}));
    client.on("data", (bytes) => held || server.write(bytes)).on("close", () => server.destroy());
    server
      .on("close", () => client.destroy())
      .on("data", (bytes) => {
        left -= bytes.length;
        if (left < 0) client.destroy();
        else if (!held) client.write(bytes);
      });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: shop.url.replace(`:${shop.server.port}/`, `:${port}/`),
    hold: () => (held = true),
    cutAfter: (bytes: number) => (left = bytes),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

test("a query whose connection is cut is begun again", async () => {
  await using proxy = await openProxy();
  proxy.cutAfter(300);
  const running = run(proxy.url);
  setTimeout(() => proxy.cutAfter(Number.POSITIVE_INFINITY), 600);
  const result = await running;
  expect(result.rows).toBe(200_000);
  await result.close();
});

test("rows that are cut off on their way leave no file", async () => {
  await using proxy = await openProxy();
  const staging = mkdtempSync(join(shop.staging, "cut-"));
  const result = await shopEngine(proxy.url).query(shopJob(staging, orders));
  const roles = result.columns.map((column) => ({
    ...column,
    role: column.name === "id" ? ("key" as const) : ("feature" as const),
  }));
  proxy.cutAfter(3_000_000);
  const error = await thrownBy(result.write(roles, { by: "key", test: 0.2, seed: 1, task: "regression" }));
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.message).toContain("the connection was cut");
  expect(readdirSync(staging).filter((file) => file.endsWith(".parquet"))).toEqual([]);
  await result.close();
});

test("a server that says nothing any more is given up when the time is up", async () => {
  await using proxy = await openProxy();
  const limits = { memory_gb: 1, threads: 1, seconds: 6 };
  const result = await shopEngine(proxy.url).query(shopJob(shop.staging, orders, { limits }));
  proxy.hold();
  const error = await thrownBy(result.save());
  expect(error.message).toBe("writing the query's rows was stopped after 6 s");
  await result.close();
});

test("a server that restarts in between is told as such, and nothing is half written", async () => {
  const staging = mkdtempSync(join(shop.staging, "restart-"));
  const result = await shop.engine.query(shopJob(staging, orders));
  await shop.server.stop();
  const error = await thrownBy(result.save());
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(readdirSync(staging).filter((file) => file.endsWith(".parquet"))).toEqual([]);
  await result.close();
  await shop.server.start();
});
