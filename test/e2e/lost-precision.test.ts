import { expect, test } from "vitest";
import { initialised } from "../scratch.ts";

const query = (price: string) =>
  `SELECT i AS id, ${price}, hash(i) % 100 / 10.0 AS size, price_of + hash(i * 3) % 100 / 10.0 AS rent
  FROM (SELECT i, 1000000000 + hash(i * 7) % 50 AS p, hash(i * 7) % 50 AS price_of FROM range(600) t(i))`;

test("values that fall together are told by train, run and the report, and what they advise mends it", async () => {
  using scratch = await initialised();
  const told = "price has 50 different values, and the model, which gets 32-bit numbers, sees 2";
  scratch.write("models/rent/features.sql", query("p AS price"));
  scratch.write(
    "models/rent/model.yaml",
    `name: rent
description: Rent
task: regression
type: linear
features: { query: features.sql, key: id, target: rent }
thresholds: { primary: rmse, first_deploy: { rmse: { max: 1000 } } }
`,
  );
  const trained = await scratch.facts<{ directory: string; notes: string[] }>(["train", "rent"]);
  expect(trained.notes.join("\n")).toContain(told);
  expect((await scratch.mergeml("train", "rent")).stderr).toContain(told); // from the cache too
  expect((await scratch.mergeml("report", trained.directory)).stdout.replaceAll("\\", "")).toContain(told);
  expect((await scratch.mergeml("run", "rent")).stderr).toContain(told);

  const advice = /e\.g\. (price - \d+) AS price/.exec(trained.notes.join("\n"))![1]!;
  scratch.write("models/rent/features.sql", query(advice.replace("price", "p").concat(" AS price")));
  const mended = await scratch.facts<{ notes: string[] }>(["train", "rent"]);
  expect(mended.notes.join("\n")).not.toContain("32-bit");
});
