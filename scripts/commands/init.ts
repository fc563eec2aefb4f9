import type { Initialised } from "../../pipelines/registry/initialise.ts";
import { readDefaultBranch } from "../../pipelines/scaffold/default-branch.ts";
import type { FirstModel } from "../../pipelines/scaffold/draft-model.ts";
import { describeFirstModel } from "../../pipelines/scaffold/model-facts.ts";
import { toolSource } from "../../pipelines/scaffold/tool-source.ts";
import { registryWorkflow } from "../../pipelines/scaffold/workflow-texts.ts";
import { folderInRepository, scaffoldModel } from "../../pipelines/scaffold-model.ts";
import { type Command, localOnly } from "../cli/command.ts";

export const init: Command = {
  description:
    "Makes a repository of models: mergeml.yaml, a first model inferred from the data file it finds (or from a small example when there is none), models/model.schema.json for your editor, small workflows that call mergeml's, and the orphan registry branch with its own workflow, pushed to the remote that the main branch tracks, when there is one. It never overwrites; run it again any time.",
  positionals: { min: 0, max: 1 },
  options: {
    data: {
      type: "string",
      value: "file",
      description: "CSV, Parquet or JSON lines file the model learns from; found when there is only one",
    },
    target: {
      type: "string",
      value: "column",
      description: "What it predicts; the column named target, label or y, else the last one that can be predicted",
    },
    actions: {
      type: "string",
      value: "owner/repository@ref",
      description: "Where the workflows find mergeml, e.g. a fork; this release when it was installed by name",
    },
    "no-workflow": {
      type: "boolean",
      description: "Leave the workflow out of the registry branch, for tokens that may not push workflows",
    },
  },
  examples: [
    { command: "mergeml init", shows: "everything inferred" },
    {
      command: "mergeml -C ml init",
      shows: "in the folder ml of a larger repository; its workflows go where GitHub reads them",
    },
    { command: "mergeml init flight-delay --data data/flights.parquet --target delay", shows: "a model for one file" },
  ],
  async run({ positionals: [name], option, flag, directory, workspace }) {
    const opened = await workspace({ isNamed: option("directory") !== undefined });
    const { root, git, registry, repository, remote } = opened;
    await git.identity(); // before anything is written: without one there will be no branch
    const { name: branch, isRemoteEmpty } = await readDefaultBranch(git, remote);
    const source = toolSource(root, option("actions"));
    const wanted = { name, data: option("data"), target: option("target"), directory, branch, source };
    const { model: first, created } = await scaffoldModel(opened, wanted);
    const model = first?.inferred.name ?? null;
    const about = [...(first === null ? [] : describeFirstModel(first)), ...writtenFiles(created)];
    const told = [...about, ...(source.kind === "unknown" ? [unknownActions()] : [])];
    const lines = told.map(([heading, text]) => `  ${heading.padEnd(9)} ${text}`);
    if (isRemoteEmpty) {
      const data = { ...facts(first), created, registry: { branch: repository.registry, created: false } };
      return {
        text: [...lines, ...pushFirst(repository.registry, branch, remote ?? "origin", model)].join("\n"),
        data,
      };
    }
    const none = flag("no-workflow") || source.kind === "unknown";
    const folder = await folderInRepository(opened);
    const workflow = none ? undefined : registryWorkflow(repository.registry, source, folder);
    const made = await registry.init({ workflow });
    const data = { ...facts(first), created, registry: { branch: repository.registry, ...made } };
    const state = registryLine(repository.registry, made) + localOnly(opened);
    return { text: [...lines, state, "", next(model, created)].join("\n"), data };
  },
};

function facts(first: FirstModel | null) {
  if (first === null) return { model: null };
  const { inferred, table, threshold, naive, problems } = first;
  return { model: inferred.name, inferred, table, threshold, naive, problems };
}

/** Workflows are counted: they are the same in every repository. */
function writtenFiles(created: readonly string[]): [string, string][] {
  const [, place = ""] = created.flatMap((path) => /^((?:\.\.\/)*\.github\/workflows\/)/.exec(path) ?? []);
  const workflows = created.filter((path) => place !== "" && path.startsWith(place));
  const others = created.filter((path) => !workflows.includes(path));
  const counted = workflows.length > 0 ? [`${place} (${workflows.length})`] : [];
  return created.length === 0 ? [] : [["wrote", [...others, ...counted].join(", ")]];
}

/** Only a release knows where its actions are, and a name that nobody has could be a stranger's tomorrow. */
function unknownActions(): [string, string] {
  const command = "mergeml init --actions <owner>/<repository>@<ref>";
  return ["workflows", `not written: say where the actions of mergeml are on GitHub: ${command}`];
}

function registryLine(branch: string, { created, remote, added }: Initialised): string {
  const where = `branch ${branch}${remote ? ` on ${remote}` : ""}`;
  if (created) return `  registry  created ${where}`;
  return `  registry  ${where} was there already, and ${added ? "got its workflow" : "stays as it is: mergeml status"}`;
}

function next(model: string | null, created: readonly string[]): string {
  const commit = `git add . && git commit -m "Add ${model ?? "what mergeml needs"}"`;
  if (model === null) return created.length > 0 ? `Next: ${commit}, then: mergeml plan` : "Next: mergeml plan";
  return `Next: look at models/${model}/model.yaml; ${commit}, then: mergeml run ${model}`;
}

/** A server takes the first branch it gets for the default one, and workflows start from that. */
function pushFirst(registry: string, branch: string, remote: string, model: string | null): string[] {
  return [
    `  registry  not yet: ${remote} has no branch, and would take ${registry} for its default one if it got that first`,
    "",
    "First:",
    `  git add . && git commit -m "Add a first model" && git push -u ${remote} ${branch}`,
    "  mergeml init",
    `Then: mergeml ${model === null ? "plan" : `run ${model}`}`,
  ];
}
