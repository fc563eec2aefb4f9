import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { MirroredRuns, MirrorResult } from "../../pipelines/mlflow/mirror.ts";
import { isModelName } from "../../pipelines/registry/version-record.ts";
import { textTable } from "../../pipelines/report/terminal/text-table.ts";
import { shortRunId } from "../../pipelines/run-log/list-runs.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Command, knownModel } from "../cli/command.ts";
import { exitCodes, tellError } from "../cli/tell-error.ts";

const columns = ["model", "copied now", "production", "in MLflow"].map((header) => ({ header }));

export const mlflow: Command = {
  description:
    "Copies the registry to the MLflow server of MLFLOW_TRACKING_URI: runs, files, model versions, and the alias production, which follows production.json; and every run of the branch mergeml/runs that the server lacks. Trainings, deploys, promotions and rollbacks do that by themselves; sync repairs the copy after a git revert, or after the server was down. One way: the branches are the truth. Sign in with MLFLOW_TRACKING_TOKEN, or with MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
  positionals: { min: 1, max: 2 },
  options: {},
  examples: [
    { command: "mergeml mlflow sync", shows: "every model" },
    { command: "mergeml mlflow sync flight-delay", shows: "one model, e.g. after a git revert" },
  ],
  async run({ positionals: [verb = "", name], workspace, width }) {
    if (verb !== "sync")
      throw new UserError({ message: `mergeml mlflow has no ${verb}`, hint: "write: mergeml mlflow sync [model]" });
    const opened = await workspace();
    const { mlflow: mirror } = opened;
    if (!mirror) throw noServer();
    const result = await mirror.sync(await registeredModels(opened, name));
    const runs = await mirror.syncRuns(name);
    const [failure] = [...result.failed, ...runs.failed].map(({ error }) => tellError(error).code);
    const facts = { ...result, failed: result.failed.map(plainFailure) };
    const runFacts = { ...runs, failed: runs.failed.map(plainFailure) };
    return {
      code: failure ?? exitCodes.done,
      text: [tellSync(result, width), tellRuns(runs), `at ${result.url}`].join("\n"),
      data: { ...facts, runs: runFacts },
    };
  },
};

/** The models to copy; none when the one that is named has runs, but no version yet. */
async function registeredModels({ registry, runs }: Workspace, name: string | undefined) {
  if (name === undefined) return undefined;
  const snapshot = await registry.snapshot({ fetch: true });
  const registered = (await snapshot.models()).includes(name);
  if (!registered && isModelName(name) && (await runs.read(name)).runs.length > 0) return [];
  return [await knownModel(name, snapshot)];
}

function plainFailure<T extends { error: Error }>({ error, ...failure }: T) {
  return { ...failure, message: error.message };
}

function tellSync({ models, failed }: MirrorResult, width: number): string {
  const rows = models.map(({ model, created, alias }) => [
    model,
    created.map(({ version }) => `v${version}`).join(", ") || "–",
    alias.version === null ? "none" : `v${alias.version}`,
    `${alias.mlflow_version ?? "none"}${alias.changed ? " (moved)" : ""}`,
  ]);
  return [
    ...(rows.length > 0 ? [textTable(columns, rows, { width })] : []),
    ...(rows.length === 0 && failed.length === 0 ? ["no model is registered yet"] : []),
    ...models.flatMap(({ notes }) => notes.map((note) => `note: ${note}`)),
    ...failed.map(({ model, error }) => `failed: ${model}: ${error.message}`),
  ].join("\n");
}

const shownFailures = 5;

/** `runs: 12 copied, 3 completed, 40 there before; 200 left for the next sync`, and the first of those that failed. */
function tellRuns({ created, completed, present, left, broken, failed }: MirroredRuns): string {
  const counts = [
    `${created} copied`,
    completed > 0 && `${completed} completed`,
    `${present} there before`,
    failed.length > 0 && `${failed.length} failed`,
    broken > 0 && `${broken} passed over, as the file holds no run (see: mergeml runs)`,
  ];
  const told = failed
    .slice(0, shownFailures)
    .map(({ model, run, error }) => `failed: ${model}${run ? ` ${shortRunId(run)}` : ""}: ${error.message}`);
  const rest = left > 0 ? `; ${left} left for the next mergeml mlflow sync` : "";
  return [`runs: ${counts.filter(Boolean).join(", ")}${rest}`, ...told].join("\n");
}

function noServer(): UserError {
  return new UserError({
    message: "MLFLOW_TRACKING_URI is not set, so there is no MLflow server to copy to",
    hint: "e.g. MLFLOW_TRACKING_URI=https://mlflow.example.org mergeml mlflow sync",
  });
}
