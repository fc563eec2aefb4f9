import { registryWorkflow } from "../../pipelines/scaffold/workflow-texts.ts";
import { scaffoldModel, toolSource } from "../../pipelines/scaffold-model.ts";
import type { Command } from "../cli/command.ts";

export const init: Command = {
  description:
    "Makes a repository of models: mergeml.yaml, a first model inferred from the data file it finds (or from a small example when there is none), models/model.schema.json for your editor, small workflows that call mergeml's, and the orphan registry branch with its own workflow, pushed to origin when there is one. It never overwrites; run it again any time.",
  positionals: { min: 0, max: 1 },
  options: {
    data: {
      type: "string",
      value: "file",
      description: "CSV or Parquet file the model learns from; found when there is only one",
    },
    target: {
      type: "string",
      value: "column",
      description: "What it predicts; the column named target, label or y, else the last one",
    },
    "no-workflow": {
      type: "boolean",
      description: "Leave the workflow out of the registry branch, for tokens that may not push workflows",
    },
  },
  examples: [
    { command: "mergeml init", shows: "everything inferred" },
    { command: "mergeml init flight-delay --data data/flights.parquet --target delay", shows: "a model for one file" },
  ],
  async run({ positionals: [name], option, flag, workspace }) {
    const { root, registry, repository } = await workspace();
    const { model, created } = await scaffoldModel(root, { name, data: option("data"), target: option("target") });
    const workflow = flag("no-workflow") ? undefined : registryWorkflow(repository.registry, toolSource(root));
    const branch = await registry.init({ workflow });
    const lines = [
      ...created.map((path) => `  created  ${path}`),
      `  ${branch.created ? "created" : "exists "}  branch ${repository.registry}${branch.remote ? ` on ${branch.remote}` : ""}`,
      "",
      model === null ? "Next: mergeml plan" : `Next: look at models/${model}/model.yaml, then: mergeml run ${model}`,
    ];
    return { text: lines.join("\n"), data: { model, created, registry: { branch: repository.registry, ...branch } } };
  },
};
