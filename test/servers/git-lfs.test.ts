import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { main } from "../../scripts/cli/main.ts";
import { makeScratch } from "../scratch.ts";

/** Real Git LFS, whose remote is a folder: it needs no server for that. */
it("data in Git LFS is trained on where its content was fetched, and told with the way to it where not", async () => {
  using scratch = makeScratch();
  const { folder, env, git } = scratch;
  const origin = `file://${join(folder, "origin.git")}`;
  git("lfs", "install", "--skip-repo");
  git("remote", "set-url", "origin", origin);
  git("lfs", "track", "*.csv");
  git("add", ".gitattributes");
  git("add", "--renormalize", ".");
  git("commit", "-qm", "Keep data in Git LFS");
  git("lfs", "push", "--all", "origin");
  git("push", "-q", "origin", "HEAD:main");
  await scratch.facts(["init"]);
  const { candidate } = await scratch.facts<{ candidate: string }>(["run", "rent"]);

  env.GIT_LFS_SKIP_SMUDGE = "1"; // as a checkout that does not fetch it
  git("clone", "-q", origin, "../other");
  const directory = join(folder, "other");
  const other = async (...args: string[]) => {
    let said = "";
    const stream = { write: (text: string) => (said += text) };
    const code = await main(args, { env, directory, stdout: stream, stderr: stream });
    return { code, said };
  };
  expect(git("-C", directory, "lfs", "ls-files")).toMatch(/ - \S*flats\.csv\n$/);
  const refused = await other("train", "rent");
  expect(refused).toMatchObject({
    code: 2,
    said: expect.stringMatching(/flats\.csv is a Git LFS pointer.*git lfs pull/s),
  });
  git("-C", directory, "lfs", "pull");
  const trained = await other("train", "rent", "--json");
  expect(JSON.parse(trained.said.slice(trained.said.indexOf("{")))).toMatchObject({ candidate, outcome: "identical" });
  expect(git("-C", directory, "status", "--porcelain")).not.toContain(".csv");
  const stored = git("-C", directory, "show", "HEAD:data/flats.csv");
  expect(stored).toMatch(/^version https:\/\/git-lfs/);
  expect(readFileSync(join(directory, "data/flats.csv"), "utf8")).toMatch(/^id,size/);
});
