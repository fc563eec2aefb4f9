import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SplitPlan } from "../../../../pipelines/data/engines/engine.ts";
import type { Session } from "../../../../pipelines/data/engines/session.ts";
import { openSession, quoteText } from "../../../../pipelines/data/engines/tables.ts";
import { type Ask, postgresSession, replay, type SavedRows } from "./recorded-session.ts";
import { type Findings, findings, plans, postgresColumns, setUp } from "./work.ts";

let staging: string;
let ask: Ask;

beforeAll(async () => {
  staging = await mkdtemp(join(tmpdir(), "mergeml-engines-"));
  ask = replay();
});

afterAll(() => rm(staging, { recursive: true, force: true }));

/** What is found, and the keys of both splits in the order in which they were saved. */
interface Outcome {
  found: Findings;
  keys: readonly number[][];
}

const keysOf = (rows: readonly Record<string, unknown>[] = []) => rows.map(({ k }) => Number(k));

/** The findings but for where the files are. */
function placeless({ splits: { train, test: held, ...splits }, ...found }: Findings) {
  return { ...found, splits: { ...splits, train: { ...train, path: null }, test: { ...held, path: null } } };
}

async function inDuckdb(plan: SplitPlan): Promise<Outcome> {
  const folder = await mkdtemp(join(staging, "split-"));
  const files = ["train", "test"].map((side) => join(folder, `${side}.parquet`));
  using session = await openSession({ readable: [], writable: files });
  for (const statement of setUp("DOUBLE")) await session.run(statement);
  const found = await findings(session, plan, folder);
  const saved = [];
  for (const file of files) saved.push(keysOf(await session.rows(`SELECT k FROM read_parquet(${quoteText(file)})`)));
  return { found: placeless(found), keys: saved };
}

async function inPostgres(plan: SplitPlan): Promise<Outcome> {
  for (const statement of [...setUp("double precision"), "SET TimeZone = 'UTC'"]) await ask(statement);
  const saved: SavedRows = new Map();
  const session: Session = postgresSession(ask, postgresColumns, saved);
  const found = await findings(session, plan, staging);
  await ask("DROP TABLE mergeml_hashed");
  return { found: placeless(found), keys: [...saved.values()].map(keysOf) };
}

test.each(plans)("PostgreSQL checks, splits and fingerprints 20 rows as DuckDB does, by $by", async (plan) => {
  const [ours, theirs] = [await inDuckdb(plan), await inPostgres(plan)];
  expect(theirs).toEqual(ours);
  expect(theirs.found.wrongPattern).toBe(true);
  expect(theirs.keys.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, k) => k));
});
