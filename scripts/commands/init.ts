import { readIdentity } from "../../pipelines/registry/git/identity.ts";
import { readDefaultBranch } from "../../pipelines/scaffold/default-branch.ts";
import { registryWorkflow } from "../../pipelines/scaffold/workflow-texts.ts";
import { scaffoldModel, toolSource } from "../../pipelines/scaffold-model.ts";
import type { Command } from "../cli/command.ts";
import { localOnly } from "../cli/local-only.ts";

export const init: Command = {
  description:
    "Makes a repository of models: mergeml.yaml, a first model inferred from the data file it finds (or from a small example when there is none), models/model.schema.json for your editor, small workflows that call mergeml's, and the orphan registry branch with its own workflow, pushed to the remote that the main branch tracks, when there is one. It never overwrites; run it again any time.",
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
    actions: {
      type: "string",
      value: "owner/repository@ref",
      description: "Where the workflows find mergeml, e.g. a fork; mergeml/mergeml at this version when left out",
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
    const opened = await workspace();
    const { root, git, registry, repository, remote } = opened;
    await readIdentity(git); // before anything is written: without one there will be no branch
    const { name: branch, isRemoteEmpty } = await readDefaultBranch(git, remote);
    const source = toolSource(root, option("actions"));
    const wanted = { name, data: option("data"), target: option("target"), branch, source };
    const { model, created } = await scaffoldModel(root, wanted);
    const files = created.map((path) => `  created  ${path}`);
    const look =
      model === null ? "Next: mergeml plan" : `Next: look at models/${model}/model.yaml, then: mergeml run ${model}`;
    if (isRemoteEmpty) {
      const data = { model, created, registry: { branch: repository.registry, created: false } };
      return {
        text: [...files, ...pushFirst(repository.registry, branch, remote ?? "origin"), "", look].join("\n"),
        data,
      };
    }
    const workflow = flag("no-workflow") ? undefined : registryWorkflow(repository.registry, source);
    const made = await registry.init({ workflow });
    const state = `  ${made.created ? "created" : "exists "}  branch ${repository.registry}${made.remote ? ` on ${made.remote}` : ""}`;
    const commit = created.length > 0 ? ["", "Commit these files."] : [];
    const local = localOnly(opened);
    const data = { model, created, registry: { branch: repository.registry, ...made } };
    return { text: [...files, state + local, ...commit, "", look].join("\n"), data };
  },
};

/** A server takes the first branch it gets for the default one, and workflows start from that. */
function pushFirst(registry: string, branch: string, remote: string): string[] {
  return [
    `  not yet  branch ${registry}: ${remote} has no branch, and would take the first it gets for its default one`,
    "",
    "First:",
    `  git add . && git commit -m "Add a first model" && git push -u ${remote} ${branch}`,
    "  mergeml init",
  ];
}
