import type { Git } from "./registry/git/git.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Top-level files and folders that no model's result depends on. */
const unrelated = ["docs/", ".github/", "test/", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"];

/**
 * The models whose inputs differ between `base` and the checked-out commit: those with a changed file in their folder, and
 * all when something changed that any may depend on (mergeml.yaml, data, code). "all" also without a base that is known here.
 */
export async function changedModels(
  { git }: Pick<Workspace, "git">,
  base: string | null,
): Promise<ReadonlySet<string> | "all"> {
  const from = base === null ? null : await knownBase(git, base);
  if (from === null) return "all";
  const listed = await git.text(["diff", "--name-only", "--no-renames", "-z", from, "HEAD", "--"]);
  const models = new Set<string>();
  for (const path of listed.split("\0").filter(Boolean)) {
    const model = /^models\/([^/]+)\/./.exec(path)?.[1];
    if (model) models.add(model);
    else if (path !== "models/model.schema.json" && !unrelated.some((each) => path.startsWith(each))) return "all";
  }
  return models;
}

/**
 * A shallow checkout of a pull request has its merge commit and that commit's parents: the first is the base. The merge-base
 * is what a branch began from, so that what the base branch did since does not count.
 */
async function knownBase(git: Git, base: string): Promise<string | null> {
  const parents = (await git.text(["rev-list", "--parents", "-n", "1", "HEAD"])).split(" ").slice(1);
  if (parents.length > 1 && parents[0]) return (await resolves(git, parents[0])) ? parents[0] : null;
  if (!(await resolves(git, base))) return null;
  const { code, stdout } = await git.run(["merge-base", "--", base, "HEAD"], { allow: [1] });
  return code === 0 ? stdout.toString("utf8").trim() : base;
}

async function resolves(git: Git, commit: string): Promise<boolean> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return false;
  const { code } = await git.run(["cat-file", "-e", `${commit}^{commit}`], { allow: [1, 128] });
  return code === 0;
}
