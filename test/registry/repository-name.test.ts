import { expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { repositoryName } from "../../pipelines/registry/remote.ts";
import { makeScratch } from "../scratch.ts";

it.each([
  ["https://github.com/acme/models", "github.com/acme/models"],
  ["https://token@github.com/acme/models.git", "github.com/acme/models"],
  ["git@github.com:acme/models.git", "github.com/acme/models"],
  ["ssh://git@GitHub.com:22/acme/models/", "github.com/acme/models"],
  ["/srv/git/models.git", "/srv/git/models.git"],
])("%s is %s, however it is spoken to", async (address, name) => {
  using scratch = makeScratch();
  scratch.git("remote", "set-url", "origin", address);
  await using git = openGit(scratch.root, { env: scratch.env, log: silentLog });
  expect(await repositoryName(git, "origin", scratch.root)).toBe(name);
});

it("is the same for a clone by a relative path and by an absolute one", async () => {
  using scratch = makeScratch();
  await using git = openGit(scratch.root, { env: scratch.env, log: silentLog });
  expect(await repositoryName(git, "origin", scratch.root)).toBe(`${scratch.folder}/origin.git`);
  expect(await repositoryName(git, null, scratch.root)).toBe(scratch.root);
});
