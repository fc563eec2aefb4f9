import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MissingCredential } from "../../pipelines/data/sources/missing-credential.ts";
import { carriedError, carryError } from "../../pipelines/errors/carried-error.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { keepOutcome, readOutcome } from "../../pipelines/handover/training-outcome.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";

test("a training that lacks a secret is kept as such, also from another process, and any other error as an error", async () => {
  const root = await mkdtemp(join(tmpdir(), "mergeml-unreached-"));
  const workspace = { root, log: silentLog } as unknown as Workspace;
  const keep = async (error: unknown) => {
    await expect(keepOutcome(workspace, "rent", () => Promise.reject(error))).rejects.toBe(error);
    return readOutcome(root, "rent");
  };
  const missing = new MissingCredential("shop", "SHOP_URL is not set", "set it");
  expect(await keep(carriedError(carryError(missing)))).toEqual({
    state: "unreached",
    model: "rent",
    problems: [{ message: "SHOP_URL is not set", hint: "set it", key: "sources.shop", lacks: "credential" }],
  });
  const both = new UserError([...missing.problems, { message: "no column x" }]);
  expect(await keep(both)).toMatchObject({ state: "error" });
  await rm(root, { recursive: true });
});
