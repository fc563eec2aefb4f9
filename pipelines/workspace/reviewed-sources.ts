import { canonicalJson } from "../config/canonical-json.ts";
import type { Sources } from "../config/model-config.ts";
import { MissingCredential } from "../data/sources/missing-credential.ts";
import type { RequireReviewed } from "../data/sources/reach-sources.ts";
import { baseBranch, baseConfig, type Checkout } from "./base-config.ts";

/**
 * In a pull request's job, a source is reached only as the branch that it is to be merged into has it: what the pull request
 * itself writes into `sources:` could send the job's credentials elsewhere, or read from where only this machine can.
 */
export function requireReviewedSources(checkout: Checkout, sources: Sources): RequireReviewed {
  const base = baseBranch(checkout.env);
  if (base === null || Object.keys(sources).length === 0) return async () => {};
  let known: Promise<Sources> | null = null;
  return async (name) => {
    known ??= baseConfig(checkout, base).then((config) => config?.sources ?? {});
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
