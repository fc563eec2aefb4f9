import { parseUtc } from "../../pipelines/config/utc-time.ts";
import { type Problem, UserError } from "../../pipelines/errors/expected-error.ts";
import { renderProblems } from "../../pipelines/errors/render-problems.ts";
import { renderViewChecks, renderViewDetails, renderViewList } from "../../pipelines/report/terminal/view-table.ts";
import { checkFeatureViews, describeViews, viewsNamed } from "../../pipelines/validate-views.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Command, CommandOutcome } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const features: Command = {
  description:
    "Feature views: features of an entity that many models read as FROM features.<name>, or that features.views joins point in time. ls lists them, show tells all of one, check runs their constraints on the data as it is (exit 1 when one does not hold).",
  positionals: { min: 1, max: Infinity },
  options: {
    engine: { type: "string", value: "name", description: "check: what runs the views; duckdb when left out" },
    window: { type: "string", value: "start..end", description: "check: $start and $end for views that use them" },
  },
  examples: [
    { command: "mergeml features ls", shows: "every view, its key and the models that use it" },
    { command: "mergeml features show customer", shows: "its columns, constraints and SQL" },
    { command: "mergeml features check customer", shows: "whether its constraints hold" },
  ],
  async run({ positionals: [verb = "", ...names], option, workspace, width }) {
    const opened = await workspace();
    if (verb === "ls") return list(opened, names, width);
    if (verb === "show" && names.length > 0) return show(opened, names, width);
    if (verb === "check") return check(opened, names, option("engine") ?? "duckdb", windowOf(option("window")));
    const hint = "write: mergeml features ls, mergeml features show <view> or mergeml features check [view…]";
    throw new UserError({ message: `mergeml features has no ${[verb, ...names].join(" ")}`, hint });
  },
};

async function list(opened: Workspace, names: readonly string[], width: number): Promise<CommandOutcome> {
  const { rows, problems } = await describeViews(opened, names);
  const text = [renderProblems(problems), renderViewList(rows, width)].filter(Boolean).join("\n\n");
  return { code: codeOf(problems), text, data: { views: rows, problems } };
}

async function show(opened: Workspace, names: readonly string[], width: number): Promise<CommandOutcome> {
  const { rows, problems } = await describeViews(opened, names);
  const { sound } = viewsNamed(opened.root, names);
  const told = rows.map((row) => renderViewDetails(row, sound.get(row.name)!.query.text, width));
  const views = rows.map((row) => ({ ...row, query: sound.get(row.name)!.query.text }));
  return {
    code: codeOf(problems),
    text: [renderProblems(problems), ...told].filter(Boolean).join("\n\n"),
    data: { views, problems },
  };
}

async function check(
  opened: Workspace,
  names: readonly string[],
  engine: string,
  window: ReturnType<typeof windowOf>,
): Promise<CommandOutcome> {
  const checked = await checkFeatureViews(opened, names, { engine, window });
  const problems = checked.flatMap((view) => view.problems);
  const told = checked.flatMap(({ name, rows, checks }) => (rows === null ? [] : renderViewChecks(name, rows, checks)));
  const broken = checked.some(({ checks }) => checks.some(({ passed, severity }) => !passed && severity === "block"));
  return {
    code: codeOf(problems) || (broken ? exitCodes.gateSaidNo : exitCodes.done),
    text: [renderProblems(problems), ...told].filter(Boolean).join("\n\n"),
    data: { views: checked },
  };
}

function codeOf(problems: readonly Problem[]): number {
  return problems.length > 0 ? exitCodes.user : exitCodes.done;
}

function windowOf(text: string | undefined) {
  if (text === undefined) return null;
  const [start = "", end = ""] = text.split("..");
  const [from, to] = [parseUtc(start), parseUtc(end)];
  if (from !== null && to !== null && from < to) return { start, end };
  const hint = "two ISO dates, the end exclusive: --window 2001-01-01..2001-04-01";
  throw new UserError({ message: `--window ${text} is not a window`, hint });
}
