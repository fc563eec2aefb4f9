import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { freePort } from "../start-server.ts";
import { errorOf, type Farm, farmSecret } from "./farm.ts";

/** What a query may not do, and what is said when something fails. */
export function refusalTests(farm: () => Farm): void {
  describe("a query reaches nothing but the tables and views of its schemas", () => {
    test("a view there may read others, which is its owner's affair", async () => {
      const prepared = await farm()
        .engineOf("farm")
        .prepare(farm().job("SELECT id, f FROM features.joined WHERE t >= $start AND t < $end"));
      expect(prepared.parameters).toEqual(["start", "end"]);
      expect(prepared.columns.map(({ type }) => type)).toEqual(["int", "double"]);
    });

    test.each([
      ["another schema's table", "SELECT * FROM private.keys", "reads spark_catalog.private.keys"],
      [
        "one in a subquery",
        "SELECT id FROM features.generated WHERE k IN (SELECT k FROM private.keys)",
        "reads spark_catalog.private.keys",
      ],
      [
        "one beside a view",
        "SELECT j.id FROM features.joined AS j, private.keys AS p",
        "reads spark_catalog.private.keys",
      ],
      ["a file in the working folder", "SELECT * FROM parquet.`generated`", "reads files by their path"],
      [
        "a path in a name of three parts",
        "SELECT * FROM spark_catalog.parquet.`/etc/passwd`",
        "reads files by their path",
      ],
      ["what there is not", "SELECT id FROM features.nothing", "`features`.`nothing` cannot be found"],
      ["a column that there is not", "SELECT id,\n  nothing FROM features.generated", "`nothing` cannot be resolved"],
      ["who asks", "SELECT id, user AS u FROM features.generated", "current_user is not taken"],
      ["two columns of one name", "SELECT id, f AS ID FROM features.generated", "two columns named"],
    ])("%s", async (_title, query, message) => {
      const error = await errorOf(farm().engineOf("farm").prepare(farm().job(query)));
      expect(error).toMatchObject({ name: "UserError", message: expect.stringContaining(message) });
    });
  });

  describe("what fails is told, without a credential", () => {
    const query = "SELECT id, f FROM features.generated";

    test("another schema's table in a warehouse", async () => {
      const error = await errorOf(farm().engineOf("dwh").prepare(farm().job("SELECT * FROM private.keys")));
      expect(error).toMatchObject({
        name: "UserError",
        message: expect.stringContaining("reads spark_catalog.private.keys"),
      });
    });

    test("a value that the query cannot convert, in the query", async () => {
      const error = await errorOf(
        farm().engineOf("farm").query(farm().job("SELECT id,\n CAST(s AS INT) AS n FROM features.generated")),
      );
      expect(error).toMatchObject({ name: "UserError", problems: [{ where: { file: "models/x/features.sql" } }] });
      expect(error.message).toContain("cannot be cast to");
    });

    test("a query that gives no rows is told", async () => {
      const none = "SELECT id, f AS y FROM features.generated WHERE id < 0";
      const error = await errorOf(farm().build(farm().engineOf("farm"), none, { key: ["id"] }));
      expect(error.message).toMatch(/the query \S+ returns no rows/);
    });

    test("a query that runs too long is stopped in the cluster too", async () => {
      // Spark looks whether a task is still wanted between the rows that it reads, of which each gives a million here.
      const slow =
        "SELECT id, max(crc32(CAST(n AS STRING))) AS f FROM features.generated LATERAL VIEW explode(sequence(1, 1000000)) s AS n GROUP BY id";
      const error = await errorOf(farm().engineOf("farm").query(farm().job(slow, 4)));
      expect(error).toMatchObject({ name: "UserError", message: "the query was stopped after 4 s" });
      await farm().statements.rows("SELECT count(*) AS rows FROM features.generated");
    });

    test("a server that is away, and one that does not let us in", async () => {
      const at = (port: number) => ({ FARM_URL: `http://u:${encodeURIComponent(farmSecret)}@127.0.0.1:${port}/` });
      const nobody = await freePort();
      const away = await errorOf(farm().engineOf("farm", at(nobody)).prepare(farm().job(query)));
      expect(away).toBeInstanceOf(EnvironmentError);
      expect(away.message).toBe(`the server 127.0.0.1:${nobody} does not answer: ECONNREFUSED`);
      const guard = createServer((_request, response) => response.writeHead(401).end()).listen(0, "127.0.0.1");
      const { port } = await new Promise<AddressInfo>((resolve) =>
        guard.once("listening", () => resolve(guard.address() as AddressInfo)),
      );
      const shut = await errorOf(farm().engineOf("farm", at(port)).prepare(farm().job(query)));
      guard.close();
      expect(shut).toMatchObject({
        name: "UserError",
        message: expect.stringContaining("does not let us in (HTTP 401)"),
      });
      expect(JSON.stringify(shut)).toContain("FARM_URL");
    });

    test("a variable that is not set, as in a fork's job", async () => {
      expect(await errorOf(farm().engineOf("farm", { FARM_URL: "" }).prepare(farm().job(query)))).toMatchObject({
        name: "MissingCredential",
      });
    });

    test("a warehouse that is busy is asked again; a token that has expired is said to be", async () => {
      farm().double.failNext(2, 503);
      await farm().engineOf("dwh").prepare(farm().job(query));
      farm().double.expireToken();
      const expired = await errorOf(farm().engineOf("dwh").prepare(farm().job(query)));
      expect(expired).toMatchObject({
        name: "UserError",
        message: expect.stringContaining("does not let us in (HTTP 403)"),
      });
      expect(JSON.stringify(expired)).toContain("DBX_TOKEN");
    });
  });
}
