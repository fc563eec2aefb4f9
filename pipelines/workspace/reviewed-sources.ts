import { canonicalJson } from "../config/canonical-json.ts";
import { parseRepositoryConfig } from "../config/parse-repository-config.ts";
import type { Sources } from "../config/source-config.ts";
import { MissingCredential } from "../data/sources/missing-credential.ts";
import type { RequireReviewed } from "../data/sources/reach-sources.ts";
import type { Environment } from "../ports/environment.ts";
import type { Git } from "../registry/git/git.ts";

interface Checkout {
  git: Pick<Git, "text" | "run">;
  remote: string | null;
  env: Environment;
}

/**
 * In a pull request's job, a source is reached only as the branch that it is to be merged into has it: what the pull request
 * itself writes into `sources:` could send the job's credentials elsewhere, or read from where only this machine can.
 */
export function requireReviewedSources(checkout: Checkout, sources: Sources): RequireReviewed {
  const base = checkout.env.GITHUB_BASE_REF;
  const isPullRequest = /^pull_request/.test(checkout.env.GITHUB_EVENT_NAME ?? "");
  if (!isPullRequest || !base || Object.keys(sources).length === 0) return async () => {};
  let known: Promise<Sources> | null = null;
  return async (name) => {
    known ??= sourcesOfBase(checkout, base);
    const reviewed = await known;
    if (isSame(name, reviewed, sources)) return;
    throw new MissingCredential(
      name,
      `this pull request ${reviewed[name] ? "changes" : "adds"} the source ${name}, and a source is reached only once it is on ${base}`,
      "merge the change of mergeml.yaml first, in a pull request of its own; or a maintainer runs it",
    );
  };
}

/** A table or a staging folder without settings of its own signs in as another source does, which counts too. */
function isSame(name: string, reviewed: Sources, written: Sources): boolean {
  const source = written[name];
  const before = reviewed[name];
  if (!source || !before || canonicalJson(before) !== canonicalJson(source)) return false;
  const borrows = ["delta", "iceberg", "spark", "databricks"].includes(source.type);
  return !borrows || canonicalJson(reviewed) === canonicalJson(written);
}

async function sourcesOfBase(checkout: Checkout, base: string): Promise<Sources> {
  const { git } = checkout;
  const commit = (await mergedInto(checkout)) ?? (await fetchBase(checkout, base));
  const prefix = await git.text(["rev-parse", "--show-prefix"]);
  const listed = await git.text(["ls-tree", "--name-only", "--full-tree", commit, `${prefix}mergeml.yaml`]);
  if (listed === "") return {};
  const text = await git.text(["show", `${commit}:${prefix}mergeml.yaml`]);
  return parseRepositoryConfig(text, "mergeml.yaml").config.sources;
}

/**
 * The base's commit where GitHub's own test merge is checked out, whose first parent it is: a job that may not fetch has it too.
 * null for any other checkout, whose parents are what the pull request's author chose.
 */
async function mergedInto({ git, env }: Checkout): Promise<string | null> {
  const parents = (await git.text(["rev-list", "--parents", "-1", "HEAD"])).split(" ");
  const isTestMerge = /^refs\/pull\/\d+\/merge$/.test(env.GITHUB_REF ?? "") && parents[0] === env.GITHUB_SHA;
  return isTestMerge && parents.length === 3 ? parents[1]! : null;
}

async function fetchBase({ git, remote }: Checkout, base: string): Promise<string> {
  await git.run(["fetch", "--no-tags", "--quiet", "--depth=1", remote ?? "origin", `refs/heads/${base}`]);
  return git.text(["rev-parse", "FETCH_HEAD"]);
}
