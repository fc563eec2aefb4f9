import { expect, test } from "vitest";
import { startPostgres } from "../postgres.ts";

test("a cluster of its own starts, keeps its rows when it is started again, and knows its roles by their passwords", async () => {
  await using server = await startPostgres();
  await server.sql(`CREATE ROLE reader LOGIN PASSWORD 'it''s secret'; CREATE TABLE t AS SELECT 'é' AS c`);
  await server.stop();
  await expect(server.sql("SELECT 1")).rejects.toThrow(/refused/);
  await server.start();
  expect(await server.sql("SELECT c, 'b' < 'C' FROM t")).toBe("é|t");
  expect(server.urlOf("reader", "it's secret", "shop")).toBe(
    `postgres://reader:it's%20secret@127.0.0.1:${server.port}/shop`,
  );
});
