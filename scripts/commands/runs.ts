import { UserError } from "../../pipelines/errors/expected-error.ts";
import { visibleText } from "../../pipelines/errors/inert-markdown.ts";
import { isModelName } from "../../pipelines/registry/version-record.ts";
import {
  renderRun,
  renderRunComparison,
  renderRuns,
  sameTest,
  scoreLine,
} from "../../pipelines/report/terminal/runs-table.ts";
import { changedParams, findRun, listRuns, withVersions } from "../../pipelines/run-log/list-runs.ts";
import type { ReadRuns } from "../../pipelines/run-log/read-runs.ts";
import type { RunLog } from "../../pipelines/run-log/run-log.ts";
import { type Command, type CommandOutcome, wholeNumber } from "../cli/command.ts";

const usualLimit = 20;

export const runs: Command = {
  description:
    "Every training, kept or lost, from the branch mergeml/runs and those that wait here to be pushed. Deploys push their runs; a train leaves its run in .mergeml/runs, unless the variable CI is set, and the next push takes it along.",
  positionals: { min: 0, max: 3 },
  options: {
    sort: { type: "string", value: "metric", description: "The best by this metric first, instead of the newest" },
    limit: { type: "string", value: "N", description: `Show N runs; ${usualLimit} by default` },
    push: { type: "boolean", description: "Push the runs that wait here to the branch mergeml/runs" },
  },
  examples: [
    { command: "mergeml runs flight-delay", shows: "the newest runs of a model, and the params each changed" },
    { command: "mergeml runs flight-delay --sort rmse", shows: "the best runs by a metric" },
    { command: "mergeml runs compare r-7d21e0 r-03ab9c", shows: "params, data and metrics side by side" },
    { command: "mergeml runs show r-7d21e0", shows: "all of one run" },
    { command: "mergeml runs --push", shows: "how many waiting runs were pushed" },
  ],
  async run({ positionals, workspace, flag, option, width }) {
    const [verb, ...ids] = positionals;
    const limit = wholeNumber("limit", option("limit")) ?? usualLimit;
    const { runs: log, log: terminal } = await workspace();
    const read = async (model?: string) => tellBroken(await log.read(model), (message) => terminal.warn(message));
    if (flag("push")) return tellPush(log);
    if (verb === "compare") return compare(withVersions((await read()).runs), ids, width);
    if (verb === "show") return show(withVersions((await read()).runs), ids, width);
    if (ids.length > 0)
      throw new UserError({
        message: `mergeml runs takes one model, not ${positionals.length}`,
        hint: "see: mergeml runs --help",
      });
    if (verb !== undefined && !isModelName(verb))
      throw new UserError({ message: `${verb} is not the name of a model`, hint: "see: mergeml runs" });
    return list(await read(verb), verb, { sort: option("sort"), limit }, width);
  },
};

function list(
  { runs: records, waiting }: ReadRuns,
  model: string | undefined,
  options: { sort?: string; limit: number },
  width: number,
): CommandOutcome {
  if (records.length === 0) {
    const text = model === undefined ? "no runs yet. Start with: mergeml train <model>" : `no runs of ${model} yet`;
    return { text, data: { runs: [], waiting } };
  }
  const listed = listRuns(records, options);
  const trend = scoreLine(listed, options.sort);
  const notes = waiting > 0 ? [`${waiting} of all runs wait here to be pushed: mergeml runs --push`] : [];
  return {
    text: [
      renderRuns(listed, options.sort, width),
      ...(model !== undefined && trend !== "" ? [trend] : []),
      ...notes,
    ].join("\n"),
    data: { runs: listed, waiting },
  };
}

function compare(
  records: ReadRuns["runs"],
  [first, second, ...more]: readonly string[],
  width: number,
): CommandOutcome {
  if (first === undefined || second === undefined || more.length > 0)
    throw new UserError({ message: "compare takes two runs", hint: "write: mergeml runs compare <run> <run>" });
  const [left, right] = [findRun(records, first), findRun(records, second)];
  return {
    text: renderRunComparison(left, right, width),
    data: { runs: [left, right], changed: changedParams(left, right), same_test: sameTest(left, right) },
  };
}

function show(records: ReadRuns["runs"], [id, ...more]: readonly string[], width: number): CommandOutcome {
  if (id === undefined || more.length > 0)
    throw new UserError({ message: "show takes one run", hint: "write: mergeml runs show <run>" });
  const run = findRun(records, id);
  return { text: renderRun(run, width), data: run };
}

async function tellPush(log: RunLog): Promise<CommandOutcome> {
  const done = await log.push();
  const lines = [
    `${done.pushed} runs pushed${done.present > 0 ? `, ${done.present} were there before` : ""}`,
    ...(done.waiting > 0 ? [`${done.waiting} wait, as the repository has no remote`] : []),
    ...done.broken.map(({ file, problem }) => `passed over: ${visibleText(file)}: ${visibleText(problem)}`),
  ];
  return { text: lines.join("\n"), data: done };
}

function tellBroken(read: ReadRuns, warn: (message: string) => void): ReadRuns {
  const { broken } = read;
  const [first] = broken;
  if (first) {
    const more = broken.length > 1 ? ` (and ${broken.length - 1} more)` : "";
    warn(`a file of the run log is passed over: ${visibleText(first.file)}: ${visibleText(first.problem)}${more}`);
  }
  return read;
}
