import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { query } from "../predictions/parquet.ts";
import { delaysCsv, delaysSql, delaysYaml } from "../watch/retrain/delays.ts";
import { production } from "./pull-request.ts";
import { makeTemplateRepository, type TestRepository } from "./repository.ts";

const day = 86_400_000;

/** Tomorrow half of the requests to v2 will have failed: what is judged must be later than its promotion. */
function tomorrow(days = 1): string {
  return new Date(Date.now() + days * day).toISOString().slice(0, 10);
}

/** The template with one small model: v2 is in production, and the log of tomorrow is committed. */
async function brokenRepository(): Promise<TestRepository> {
  const repository = await makeTemplateRepository();
  const { git, root } = repository;
  git("rm", "-rq", "models/diamond-price");
  const yaml = delaysYaml
    .replace(/^drift: .*$/m, "drift: { window: 1d, min_rows: 50 }")
    .replace(/^thresholds:$/m, "thresholds:\n  naive: warn"); // the first version knows the weekday alone
  repository.write("models/delays/model.yaml", `${yaml}rollback: { when: { error_rate: 5% } }\n`);
  repository.write("models/delays/features.sql", delaysSql.replace(" distance,", ""));
  repository.write("data/delays.csv", delaysCsv());
  const folder = join(root, "predictions/delays", tomorrow());
  mkdirSync(folder, { recursive: true });
  await query(`COPY (SELECT TIMESTAMPTZ '${tomorrow()} 00:00:00+00' + to_minutes(CAST(i AS INTEGER)) AS time, 'delays' AS model,
      2 AS version, 'production' AS arm, CAST(i AS VARCHAR) AS key, CAST(i % 101 AS DOUBLE) AS distance, CAST(i % 7 AS DOUBLE) AS weekday,
      CASE WHEN i % 2 = 0 THEN CAST(i % 40 AS DOUBLE) END AS prediction, CASE WHEN i % 2 = 1 THEN 'timeout' END AS error, 1.5 AS latency_ms
    FROM range(400) t(i)) TO '${join(folder, "server-0.parquet")}' (FORMAT parquet)`);
  git("add", ".");
  git("commit", "-qm", "Add a model");
  repository.mergeml("init");
  repository.mergeml("run", "delays");
  repository.write("models/delays/features.sql", delaysSql);
  git("commit", "-qam", "Use the distance");
  git("push", "-q", "origin", "main");
  repository.mergeml("run", "delays");
  return repository;
}

it("takes a promotion back that live data speaks against, and tells it", async () => {
  await using repository = await brokenRepository();
  const { github, git, run } = repository;
  expect(production(repository, "delays")).toBe(2);
  const inputs = { models: "", now: `${tomorrow(2)}T06:00:00Z` };
  const watched = await run("workflow_dispatch", ".github/workflows/drift.yml", { inputs });
  expect(watched.code, watched.log).toBe(0);
  expect(production(repository, "delays")).toBe(1);
  git("fetch", "-q", "origin", "registry");
  expect(git("log", "-1", "--format=%B", "FETCH_HEAD")).toMatch(
    /Automatic: rollback\.when\nReason: 50% of 400 requests failed \(limit 5%\)/,
  );
  expect(await github.ask("GET", "/repos/octo/models/issues?state=all&labels=rollback")).toMatchObject([
    { state: "open", title: "delays v2 was rolled back to v1" },
  ]);
  const deployments = await github.ask<{ environment: string; payload: unknown }[]>(
    "GET",
    "/repos/octo/models/deployments",
  );
  expect(deployments).toMatchObject([{ environment: "production/delays", payload: { model: "delays", version: 1 } }]);
});
