import { isAbsolute, relative, resolve } from "node:path";
import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { parseUtc } from "../../pipelines/config/utc-time.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { type PredictResult, predictRows } from "../../pipelines/predict.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import { inEnvironment } from "../../pipelines/workspace/in-environment.ts";
import { type Command, versionReference } from "../cli/command.ts";

export const predict: Command = {
  description:
    "Scores the rows of a file with a registered version; without @<version>, the one in production. The model's bytes are checked against the registry first. Columns are matched by name: the features, and the model's key and time if they are there. A row with a value that cannot be converted is left out and kept beside the output with the reason: scored.csv has scored.rejected.csv. A .sql file runs under the rules of a feature query.",
  positionals: { min: 1, max: 1 },
  options: {
    input: { type: "string", value: "file", description: "Parquet, CSV with a header, JSON lines, or a query (.sql)" },
    output: {
      type: "string",
      value: "file",
      description: "Where key, features and predictions are written: .parquet, .csv, .tsv, .json or .jsonl",
    },
    environment: {
      type: "string",
      value: "name",
      description: "With the version that runs there, into its log; production by default",
    },
    force: { type: "boolean", description: "Write into a data folder, or onto a file that git keeps" },
    log: { type: "boolean", description: "Add the rows to the prediction log too (predictions in mergeml.yaml)" },
    "log-to": { type: "string", value: "folder", description: "As --log, in another folder" },
    from: { type: "string", value: "time", description: "$start of a query, UTC: 2001-04-01" },
    to: { type: "string", value: "time", description: "$end of a query (exclusive)" },
    now: { type: "string", value: "time", description: "The time that is logged, instead of the clock's" },
  },
  examples: [
    {
      command: "mergeml predict diamond-price --input new.csv --output prices.parquet",
      shows: "score a file with what is in production",
    },
    {
      command:
        "mergeml predict flight-delay@3 --input next.sql --from 2001-04-01 --to 2001-05-01 --output april.parquet --log",
      shows: "score a query's rows with version 3, and log them for drift",
    },
  ],
  async run({ positionals: [reference = ""], option, flag, directory, workspace }) {
    const input = required("input", option("input"));
    const output = required("output", option("output"));
    const window = windowOf(option("from"), option("to"));
    const given = option("now");
    const now = given === undefined ? null : momentOf("now", given);
    const opened = await workspace();
    const environment = knownEnvironment(option("environment") ?? "production", opened.repository.environments);
    const { root, repository, clock, registry, remoteLog } = inEnvironment(opened, environment);
    const snapshot = await registry.snapshot({ fetch: true });
    const { model, version } = await versionReference(reference, snapshot, environment);
    const folder = option("log-to");
    const log =
      folder !== undefined ? resolve(directory, folder) : flag("log") ? resolve(root, repository.predictions) : null;
    const paths = { input: { path: resolve(directory, input), name: input }, output: resolve(directory, output) };
    const job = { model, version, ...paths, force: flag("force"), window, log, now: now ?? clock.now() };
    const result = await predictRows({ ...opened, remoteLog }, job);
    return { text: tell(result, directory), data: result };
  },
};

function required(name: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new UserError({ message: `--${name} is missing`, hint: "See: mergeml predict --help" });
}

function momentOf(name: string, text: string): Date {
  const time = parseUtc(text);
  if (time !== null) return new Date(time);
  throw new UserError({
    message: `--${name} ${text} is not a date`,
    hint: `an ISO date or a UTC timestamp: --${name} 2001-04-01 or --${name} 2001-04-01T06:00:00Z`,
  });
}

function windowOf(from: string | undefined, to: string | undefined): { start: string; end: string } | null {
  if (from === undefined && to === undefined) return null;
  const [start, end] = [required("from", from), required("to", to)];
  if (momentOf("from", start) < momentOf("to", end)) return { start, end };
  throw new UserError({ message: `--to ${end} is not after --from ${start}`, hint: "the end is exclusive" });
}

function tell(result: PredictResult, directory: string): string {
  const { model, version, scored, rejected, examples, ignored } = result;
  const shown = (path: string) => {
    const near = relative(directory, path);
    return near.startsWith("..") || isAbsolute(near) ? path : near;
  };
  return [
    `${countOf(scored, "row")} scored by ${model}@${version} -> ${shown(result.output)}`,
    ...(rejected > 0 ? [`${countOf(rejected, "row")} rejected -> ${shown(result.rejected_file ?? "")}`] : []),
    ...examples.map(({ row, reason }) => `  row ${row}: ${reason}`),
    ...(ignored.length > 0 ? [`not used: ${ignored.join(", ")}`] : []),
    ...(result.logged === null ? [] : [`logged in ${shown(result.logged)}`]),
  ].join("\n");
}
