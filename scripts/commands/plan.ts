import { renderProblems } from "../../pipelines/errors/render-problems.ts";
import { needsRun, planModels } from "../../pipelines/plan.ts";
import { renderPlan } from "../../pipelines/report/terminal/plan-table.ts";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const plan: Command = {
  description:
    "Compares the configs with the registry branch, without reading data: new, changed, unchanged, held (rolled back and not changed since), registered (never promoted), removed, invalid.",
  positionals: { min: 0, max: Infinity },
  options: {
    "exit-code": { type: "boolean", description: "Exit 1 when something would be trained" },
  },
  examples: [
    { command: "mergeml plan", shows: "what a merge would deploy" },
    { command: "mergeml plan --json", shows: "the same, for a workflow's matrix" },
  ],
  async run({ positionals, flag, workspace, width }) {
    const { entries, problems } = await planModels(await workspace(), positionals.length > 0 ? positionals : undefined);
    const due = entries.filter(needsRun);
    const failed = problems.some((each) => each.severity !== "warning");
    const closing =
      due.length > 0
        ? `To do: ${due
            .map(({ model }) => `mergeml run ${model}`)
            .slice(0, 5)
            .join(", ")}${due.length > 5 ? ", …" : ""}`
        : "Nothing to do.";
    const text = [problems.length > 0 ? renderProblems(problems) : "", renderPlan(entries, width), closing]
      .filter(Boolean)
      .join("\n\n");
    const code = failed ? exitCodes.user : flag("exit-code") && due.length > 0 ? exitCodes.gateSaidNo : exitCodes.done;
    return { code, text, data: { models: entries, problems } };
  },
};
