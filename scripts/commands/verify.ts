import { renderProblems } from "../../pipelines/errors/render-problems.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const verify: Command = {
  description:
    "Checks the whole registry branch: every file's hash, every record's digest, every verdict computed again, numbers without gaps, versions never changed by any commit or merge, and that every promotion names a passing verdict. Exit 2 when something is wrong.",
  positionals: { min: 0, max: 0 },
  options: {
    since: { type: "string", value: "commit", description: "Check what came after this commit, which was found sound" },
  },
  examples: [{ command: "mergeml verify", shows: "that nobody changed the registry by hand" }],
  async run({ workspace, option }) {
    const { registry, git } = await workspace();
    const given = option("since");
    const since = given === undefined ? null : await git.text(["rev-parse", "--verify", `${given}^{commit}`]);
    const found = await registry.verify({ since });
    const { models, versions, promotions, problems } = found;
    const counts =
      [countOf(models, "model"), countOf(versions, "version"), countOf(promotions, "promotion")].join(", ") +
      (found.since === null ? "" : ` since ${found.since.slice(0, 10)}`);
    const closing =
      problems.length === 0 ? `verified: ${counts}` : `${countOf(problems.length, "problem")} in ${counts}`;
    const text = [renderProblems(problems), ...found.notes.map((note) => `note: ${note}`), closing]
      .filter(Boolean)
      .join("\n");
    return { code: problems.length === 0 ? exitCodes.done : exitCodes.user, text, data: found };
  },
};
