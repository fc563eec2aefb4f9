import { expect, test } from "vitest";
import { tablesInPlan } from "../../../../pipelines/data/engines/spark-sql/judge-plan.ts";
import { tableVersions } from "../../../../pipelines/data/engines/spark-sql/spark-session.ts";
import { StatementError } from "../../../../pipelines/data/engines/spark-sql/statement-error.ts";

/** As Spark 4.1 writes it. */
const plan = `Project [id#1L, day#2]
+- Join Inner, (id#1L = id#5L)
   :- SubqueryAlias o
   :  +- SubqueryAlias spark_catalog.features.orders
   :     +- Relation spark_catalog.features.orders[id#1L,day#2] parquet
   +- SubqueryAlias spark_catalog.features.recent
      +- View (\`spark_catalog\`.\`features\`.\`recent\`, [id#5L])
         +- Project [cast(id#7L as bigint) AS id#5L]
            +- SubqueryAlias lake.raw.visits
               +- RelationV2[id#7L] lake.raw.visits lake.raw.visits`;

test("the tables of a plan are those it reads, and those that its views are made of", () => {
  expect(tablesInPlan(plan)).toEqual([
    ["lake", "raw", "visits"],
    ["spark_catalog", "features", "orders"],
    ["spark_catalog", "features", "recent"],
  ]);
});

test("tables have the versions of their format, and none where they have none or nobody may ask", async () => {
  const providers: Record<string, string> = { orders: "delta", visits: "ICEBERG", rides: "parquet", secret: "delta" };
  const asked: string[] = [];
  const statements = {
    async rows(statement: string) {
      asked.push(statement);
      const table = /`(\w+)`(?!\.`)/.exec(statement)![1]!;
      if (statement.startsWith("DESCRIBE TABLE EXTENDED")) {
        if (table === "gone")
          throw new StatementError({ message: "not found", condition: "TABLE_OR_VIEW_NOT_FOUND", at: null });
        return [
          { col_name: "id", data_type: "bigint" },
          { col_name: "Provider", data_type: providers[table]! },
        ];
      }
      if (table === "secret") throw new StatementError({ message: "no permission", condition: "", at: null });
      return [statement.startsWith("DESCRIBE HISTORY") ? { version: 12n } : { version: "8112345678901234567" }];
    },
    interrupt() {},
    async close() {},
  };
  const names = ["orders", "visits", "rides", "secret", "gone"].map((name) => ["main", "features", name]);
  expect(await tableVersions(statements, names)).toEqual({
    "main.features.orders": "12",
    "main.features.visits": "8112345678901234567",
  });
  expect(asked).toContain("DESCRIBE HISTORY `main`.`features`.`orders` LIMIT 1");
  expect(asked).toContain("SELECT snapshot_id AS version FROM `main`.`features`.`visits`.refs WHERE name = 'main'");
});

test("a server that is lost is no table without a version", async () => {
  const lost = { rows: () => Promise.reject(new Error("ECONNRESET")), interrupt() {}, async close() {} };
  await expect(tableVersions(lost, [["features", "orders"]])).rejects.toThrow("ECONNRESET");
});
