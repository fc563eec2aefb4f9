import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sources } from "../../pipelines/config/model-config.ts";
import { lacksCredential } from "../../pipelines/data/sources/missing-credential.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { requireReviewedSources } from "../../pipelines/workspace/reviewed-sources.ts";

const shop = { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] } as const;
const lake = { type: "s3", url: "s3://acme-lake/ml/", auth: "env" } as const;
const trips = { type: "delta", url: "s3://acme-lake/trips" } as const;
const reviewed: Sources = { shop, lake, trips };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-reviewed-"));
  const origin = join(folder, "origin");
  execFileSync("git", ["init", "--quiet", "--initial-branch=main", origin]);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...args], { cwd: origin });
  writeFileSync(join(origin, "mergeml.yaml"), `sources: ${JSON.stringify(reviewed)}\n`);
  git("add", ".");
  git("commit", "--quiet", "-m", "sources");
  execFileSync("git", ["clone", "--quiet", origin, join(folder, "clone")]);
});

afterAll(() => rmSync(folder, { recursive: true }));

async function outcome(sources: Sources, name: string, event = "pull_request"): Promise<string> {
  const env = { ...process.env, GITHUB_BASE_REF: "main", GITHUB_EVENT_NAME: event };
  await using git = openGit(join(folder, "clone"), { env, log: silentLog });
  try {
    await requireReviewedSources({ git, remote: "origin", env }, sources)(name);
    return "reached";
  } catch (error) {
    if (!lacksCredential(error)) throw error;
    return error.message;
  }
}

test("what the base branch has is reached", async () => {
  expect(await outcome(reviewed, "shop")).toBe("reached");
  expect(await outcome(reviewed, "trips")).toBe("reached");
  expect(await outcome({ ...reviewed, other: shop }, "shop")).toBe("reached");
});

test.each<[string, Sources, string, string]>([
  ["a new source", { ...reviewed, other: shop }, "other", "this pull request adds the source other"],
  [
    "another address",
    { ...reviewed, lake: { ...lake, endpoint: "https://evil.example" } },
    "lake",
    "changes the source lake",
  ],
  [
    "another variable",
    { ...reviewed, shop: { ...shop, url: { env: "DEPLOY_KEY" } } },
    "shop",
    "changes the source shop",
  ],
  ["another schema", { ...reviewed, shop: { ...shop, schemas: ["private"] } }, "shop", "changes the source shop"],
  [
    "another address of who lends the sign-in",
    { ...reviewed, lake: { ...lake, endpoint: "https://evil.example" } },
    "trips",
    "changes the source trips",
  ],
])("%s of a pull request is not reached before it is merged", async (_title, sources, name, message) => {
  expect(await outcome(sources, name)).toContain(message);
  expect(await outcome(sources, name, "push")).toBe("reached");
});

test("GitHub's test merge has the base as its first parent, and needs no fetch; any other merge does not count", async () => {
  const clone = join(folder, "merge");
  execFileSync("git", ["clone", "--quiet", join(folder, "origin"), clone]);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...args], {
      cwd: clone,
      encoding: "utf8",
    });
  git("checkout", "--quiet", "-b", "change");
  const changed = { ...reviewed, shop: { ...shop, url: { env: "DEPLOY_KEY" } } };
  writeFileSync(join(clone, "mergeml.yaml"), `sources: ${JSON.stringify(changed)}\n`);
  git("commit", "--quiet", "-am", "change");
  git("checkout", "--quiet", "--detach", "main");
  git("merge", "--quiet", "--no-ff", "-m", "merge", "change");
  const ask = async (ref: string, remote: string) => {
    const given = { GITHUB_BASE_REF: "main", GITHUB_EVENT_NAME: "pull_request" };
    const env = { ...process.env, ...given, GITHUB_REF: ref, GITHUB_SHA: git("rev-parse", "HEAD").trim() };
    await using opened = openGit(clone, { env, log: silentLog });
    const review = requireReviewedSources({ git: opened, remote, env }, changed);
    return review("shop").then(
      () => "reached",
      (error: Error) => error.message,
    );
  };
  expect(await ask("refs/pull/7/merge", "nowhere")).toContain("changes the source shop");
  expect(await ask("refs/heads/change", "nowhere")).toContain("nowhere");
  expect(await ask("refs/heads/change", "origin")).toContain("changes the source shop");
});
