import { distinctProblems } from "../../pipelines/errors/expected-error.ts";
import { countLine, renderAnnotations, renderProblems } from "../../pipelines/errors/render-problems.ts";
import { validateQueries } from "../../pipelines/validate-queries.ts";
import { viewFileProblems } from "../../pipelines/validate-views.ts";
import { readModels } from "../../pipelines/workspace/workspace.ts";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const validate: Command = {
  description:
    "Checks mergeml.yaml, the feature views, and the model.yaml and queries of every model (or of those named), and lists every error of all of them at once. Queries are prepared against the data, of which no rows are read.",
  positionals: { min: 0, max: Infinity },
  options: {
    format: {
      type: "string",
      value: "text|github",
      choices: ["text", "github"],
      description: "github prints workflow annotations",
    },
    "no-sql": { type: "boolean", description: "Leave the queries out, where there is no data" },
  },
  examples: [
    { command: "mergeml validate", shows: "every model of this repository" },
    { command: "mergeml validate diamond-price --format github", shows: "annotations on the lines of a pull request" },
  ],
  async run({ positionals, option, flag, workspace }) {
    const opened = await workspace();
    const read = await readModels(opened, positionals.length > 0 ? positionals : undefined);
    const { models, names } = read;
    const { problems: ofQueries, sound } = flag("no-sql")
      ? { problems: [], sound: models }
      : await validateQueries(opened, models);
    const ofViews = positionals.length > 0 ? [] : viewFileProblems(opened.root);
    const problems = distinctProblems([...read.problems, ...ofViews, ...ofQueries]);
    const failed = problems.some((each) => each.severity !== "warning");
    const summary =
      problems.length > 0
        ? countLine(problems, names.length)
        : `${names.length} model${names.length === 1 ? "" : "s"} checked, no errors`;
    const listed = option("format") === "github" ? renderAnnotations(problems) : renderProblems(problems);
    return {
      code: failed ? exitCodes.user : exitCodes.done,
      text: [listed, summary].filter(Boolean).join("\n\n"),
      data: { valid: sound.map((model) => model.config.name), problems },
    };
  },
};
