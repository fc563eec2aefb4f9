import type { Git } from "./git/git.ts";
import { parsePath } from "./version-record.ts";

/**
 * When a plain `git revert` of a promotion stopped on a conflict in this repository: a paragraph that says why and what to do.
 * null otherwise.
 */
export async function explainRevertConflict(git: Git): Promise<string | null> {
  const reverted = await git.text(["rev-parse", "--quiet", "--verify", "REVERT_HEAD"], { allow: [1] });
  if (!reverted) return null;
  const unmerged = (await git.text(["ls-files", "-z", "--unmerged", "--full-name", ":/"])).split("\0").filter(Boolean);
  const models = new Set(
    unmerged
      .map((line) => parsePath(line.slice(line.indexOf("\t") + 1)))
      .flatMap((path) => (path.kind === "production" ? [path.model] : [])),
  );
  const [model] = models;
  if (model === undefined) return null;
  const subject = await git.text(["log", "-1", "--format=%s", reverted]);
  return [
    `A git revert of ${reverted.slice(0, 7)} (${subject}) stopped on a conflict in models/${model}/production.json.`,
    `Another version of ${model} has been promoted since, so git cannot know which one should be in production now.`,
    "Take the revert back and name the version:",
    "  git revert --abort",
    `  mergeml history ${model}`,
    `  mergeml rollback ${model} --to <version>`,
  ].join("\n");
}
