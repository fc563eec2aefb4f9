import { relative } from "node:path";
import { trainShard } from "../../pipelines/candidate/choose-params.ts";
import { identify, prepareData } from "../../pipelines/candidate/prepare-data.ts";
import { splitSeedOf } from "../../pipelines/candidate/split-seed.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { describeIdentical } from "../../pipelines/gate.ts";
import { smokeTest } from "../../pipelines/smoke-test.ts";
import { runTraining } from "../../pipelines/train.ts";
import { readModel, type Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Command, type CommandOutcome, shardOf } from "../cli/command.ts";
import { tellBuild } from "../cli/tell-build.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const train: Command = {
  description:
    "Runs the feature query, its checks and the split, searches params when model.yaml has a search block, trains, and evaluates against production on the same test rows. Writes a candidate directory; nothing in the registry changes. Steps whose inputs did not change come from the cache.",
  positionals: { min: 1, max: 1 },
  options: {
    smoke: {
      type: "boolean",
      description:
        "Only overfit a few hundred train rows, to show in seconds that the pipeline can learn; exit 1 when not",
    },
    shard: {
      type: "string",
      value: "i/n",
      description: "Only train share i of n of the search's trials; a later train collects them from .mergeml/search",
    },
  },
  examples: [
    { command: "mergeml train diamond-price", shows: "a candidate under .mergeml/candidates/diamond-price/" },
    { command: "mergeml train diamond-price --no-cache", shows: "every step again" },
    { command: "mergeml train diamond-price --smoke", shows: "whether it can overfit 300 rows" },
    { command: "mergeml train diamond-price --shard 2/4", shows: "the second quarter of a search's trials, trained" },
  ],
  async run({ positionals: [name = ""], workspace, directory, flag, option, width }) {
    const shard = shardOf(option("shard"));
    if (shard && flag("smoke")) {
      throw new UserError({ message: "--smoke and --shard do not go together", hint: "give one of them" });
    }
    const opened = await workspace();
    if (flag("smoke")) return tellSmoke(opened, name, width);
    return shard
      ? tellShard(opened, name, { shard, directory, width })
      : tellCandidate(opened, name, { directory, width });
  },
};

interface Screen {
  directory: string;
  width: number;
}

async function tellCandidate(opened: Workspace, name: string, { directory, width }: Screen): Promise<CommandOutcome> {
  const trained = await runTraining(opened, name, { event: "train", evenIfUnchanged: true });
  if (trained.state === "checks-failed" || trained.state === "unchanged") return tellBuild(trained, width);
  const written = relative(directory, trained.directory);
  const { record, verdict } = trained.candidate;
  const { outcome, summary } =
    trained.state === "identical"
      ? { outcome: trained.state, summary: describeIdentical(trained.version) }
      : { outcome: verdict.outcome, summary: verdict.summary };
  const lines = [`candidate  ${written}`, `gate       ${outcome}: ${summary}`, `next       mergeml report ${written}`];
  return {
    text: lines.join("\n"),
    data: {
      ...{ candidate: record.id, directory: written, outcome, summary },
      notes: [...record.notes, ...verdict.notes],
    },
  };
}

async function tellSmoke(opened: Workspace, name: string, width: number): Promise<CommandOutcome> {
  const model = await readModel(opened, name);
  const result = await smokeTest(opened, model);
  if (result.state === "checks-failed") return tellBuild({ ...result, state: "checks-failed", model }, width);
  const { state, reason, notes, rows } = result;
  return {
    code: state === "passed" ? exitCodes.done : exitCodes.gateSaidNo,
    text: [`${name}: smoke test ${state}: ${reason}`, ...notes.map((note) => `  ${note}`)].join("\n"),
    data: { model: name, state, reason, notes, rows },
  };
}

async function tellShard(
  opened: Workspace,
  name: string,
  { shard, directory, width }: Screen & { shard: { index: number; of: number } },
): Promise<CommandOutcome> {
  const model = await readModel(opened, name);
  const splitSeed = await splitSeedOf(model.config, await opened.registry.snapshot({ fetch: true }));
  const data = await prepareData(opened, model, splitSeed);
  if (!data.ok) return tellBuild({ state: "checks-failed", model, checks: data.checks, rows: data.rows }, width);
  const result = await trainShard(opened, model, identify(model, data), shard);
  const folder = relative(directory, result.folder);
  const lines = [
    `shard ${shard.index}/${shard.of}  ${result.trials} of ${result.total} trials in ${folder}`,
    `next       copy that folder to where it is collected, and there: mergeml train ${name}`,
  ];
  return { text: lines.join("\n"), data: { model: name, shard, ...result, folder } };
}
