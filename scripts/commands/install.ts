import { environmentsKey, installEnvironments } from "../../pipelines/install-environments.ts";
import { readModel, readModels, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Command } from "../cli/command.ts";

export const install: Command = {
  description:
    "Makes the environments that programs name by params.environment, once for each content of a lock file, in the user's cache (or MERGEML_ENVIRONMENTS). A training does it by itself; this is for an image, or a step of a job before it.",
  positionals: { min: 0, max: Infinity },
  options: {
    key: {
      type: "boolean",
      description: "Make nothing; print what the environments are kept by, or nothing when there is none",
    },
  },
  examples: [
    { command: "mergeml install", shows: "those of all models" },
    { command: "mergeml install churn --key", shows: "64 hex digits, for the key of a cache" },
  ],
  async run({ positionals, flag, workspace }) {
    const opened = await workspace();
    const models = await wanted(opened, positionals);
    if (flag("key")) {
      const key = await environmentsKey(opened, models);
      return { text: key ?? "", data: { key } };
    }
    const installed = await installEnvironments(opened, models);
    const lines = installed.map(({ model, lock, facts }) => {
      const { lock: _, ...made } = facts;
      return `${model}  ${lock}  ${Object.entries(made)
        .map((each) => each.join(" "))
        .join(", ")}`;
    });
    return { text: lines.length > 0 ? lines.join("\n") : "No model names an environment.", data: { installed } };
  },
};

/** Of all models those that are sound: what is wrong with the others is told by validate. */
async function wanted(opened: Workspace, names: readonly string[]) {
  if (names.length === 0) return (await readModels(opened)).models;
  return Promise.all(names.map((name) => readModel(opened, name)));
}
