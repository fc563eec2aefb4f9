import { UserError } from "../../pipelines/errors/expected-error.ts";
import { unifiedDiff } from "../../pipelines/report/markdown/line-diff.ts";
import { renderPlan } from "../../pipelines/report/terminal/plan-table.ts";
import { namedActions, refText, type ToolRepository, toolSource } from "../../pipelines/scaffold/tool-source.ts";
import { applyUpgrade, planUpgrade, type UpgradePlan } from "../../pipelines/upgrade.ts";
import { toolVersion } from "../../pipelines/workspace/tool-version.ts";
import type { Command } from "../cli/command.ts";

export const upgrade: Command = {
  description:
    "Moves the workflows of this repository, and the one on the registry branch, to the release of mergeml that runs this command, or to the one that --to names. Shows the difference and which models will be trained again, and why; --write does it. What people adapted in a workflow stays.",
  positionals: { min: 0, max: 0 },
  options: {
    to: {
      type: "string",
      value: "owner/repository@ref",
      description: "Where the workflows are to find mergeml; a commit with its version: acme/mergeml@4be91c2… # v0.2.0",
    },
    write: { type: "boolean", description: "Write the workflows, and commit that of the registry branch" },
  },
  examples: [
    { command: "mergeml upgrade", shows: "what moving to this release would change" },
    { command: "mergeml upgrade --to acme/mergeml@v0.2.0 --write", shows: "does it, for a pull request" },
  ],
  async run({ option, flag, workspace, width }) {
    const opened = await workspace();
    const plan = await planUpgrade(opened, target(opened.root, option("to")));
    const write = flag("write") && (plan.workflows.length > 0 || plan.registry !== null);
    const commit = write ? await applyUpgrade(opened, plan) : null;
    const lines = [summary(plan), ...diffs(plan), ...retraining(plan, width), next(plan, flag("write"), commit)];
    return { text: lines.join("\n"), data: { ...plan, written: write, commit } };
  },
};

function target(root: string, to: string | undefined): ToolRepository {
  if (to !== undefined) return namedActions(to);
  const source = toolSource(root);
  if (source.kind === "repository") return source;
  if (source.kind === "template") {
    const hint =
      "merge the newer commit of the template's repository; its pull request shows which models are trained again";
    throw new UserError({ message: "this repository was made from the template, and has mergeml itself", hint });
  }
  const hint = `say where its actions are: mergeml upgrade --to owner/repository@v${toolVersion}; or run the release that they are to use`;
  throw new UserError({ message: "this mergeml is no release", hint });
}

function summary({ to, from, workflows, registry }: UpgradePlan): string {
  const target = `${to.name}@${refText(to)}`;
  if (from.length === 0) return "No workflow of this repository uses mergeml's: mergeml init writes them";
  if (workflows.length === 0 && registry === null) return `All workflows use ${target} already`;
  return `From ${from.join(", ")} to ${target}`;
}

function diffs({ workflows, registry }: UpgradePlan): string[] {
  const shown = workflows.map((each) => [each.path, each] as const);
  const all = registry ? [...shown, [`${registry.path} on the registry branch`, registry] as const] : shown;
  return all.map(([title, { before, after }]) => `\n${title}\n${unifiedDiff(before, after, 1)}`);
}

function retraining({ retrained }: UpgradePlan, width: number): string[] {
  if (retrained.length === 0) return [`\nmergeml ${toolVersion} trains no model again`];
  return [
    `\nWhat mergeml ${toolVersion} would train again, and judge in the pull request:`,
    renderPlan(retrained, width),
  ];
}

function next({ workflows, registry }: UpgradePlan, wanted: boolean, commit: string | null): string {
  if (workflows.length === 0 && registry === null) return "";
  if (!wanted) return "\nNothing was written: mergeml upgrade --write";
  const told = commit === null ? "" : `\nregistry branch: ${commit.slice(0, 7)}`;
  return `${told}\nNext: commit .github/workflows on a branch and open a pull request, which judges what is trained again`;
}
