import { expect, it } from "vitest";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { describeDistributions } from "../../../pipelines/watch/profile/describe-distributions.ts";
import { gridEdges, gridProbabilities } from "../../../pipelines/watch/profile/edges.ts";

it("a column of many rows and some thousand values is cut where sorting its rows would cut it", async () => {
  using session = await openSession({ readable: [] });
  await session.row(`CREATE TABLE t AS
    SELECT CASE WHEN i % 97 > 0 THEN pow(hash(i) % 4001, 2) - 1000 END AS x, hash(i) % 800 AS few FROM range(120011) r(i)`);
  const probabilities = `CAST('[${gridProbabilities().join(",")}]' AS DOUBLE[])`;
  const { sorted } = await session.row(`SELECT quantile_disc(CAST(x AS DOUBLE), ${probabilities}) AS sorted FROM t`);
  const columns = ["x", "few"].map((column) => ({ name: column, column, kind: "numeric" as const }));
  const [x, few] = await describeDistributions(session, "t", columns);
  expect(x).toMatchObject({ edges: gridEdges((sorted as number[]).map(Number)), exact: false });
  expect(few).toMatchObject({ edges: Array.from({ length: 800 }, (_, at) => at), exact: true });
});
