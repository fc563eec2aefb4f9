import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { openFrugalSession, openSession } from "../../../pipelines/data/engines/tables.ts";

const asked = `SELECT current_setting('memory_limit') AS memory, current_setting('temp_directory') AS spill`;

test.each([
  ["that nobody gave a limit", () => openSession({ readable: [] }), "3.7 GiB"],
  ["over a whole split", () => openFrugalSession({ readable: [], threads: 1 }), "476.8 MiB"],
])("a session %s holds so much of any machine, and spills the rest", async (_, open, memory) => {
  using session = await open();
  const found = await session.row(asked);
  expect(found.memory).toBe(memory);
  expect(found.spill).toMatch(/mergeml-spill-/);
  expect(existsSync(String(found.spill))).toBe(false);
});

test("what is more than a session may hold is spilled, and gone with it", async () => {
  let spill = "";
  {
    using session = await openFrugalSession({ readable: [], threads: 1 });
    spill = String((await session.row(asked)).spill);
    await session.run("CREATE TEMP TABLE many AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(40_000_000) t(i)");
    expect((await session.row("SELECT count(*) AS rows FROM many")).rows).toBe(40_000_000n);
    expect(existsSync(spill)).toBe(true);
  }
  expect(existsSync(spill)).toBe(false);
});

test("one that says what it may hold spills nowhere but where it says", async () => {
  using session = await openSession({ readable: [], memory_gb: 1 });
  expect((await session.row(asked)).spill).toBe("");
});
