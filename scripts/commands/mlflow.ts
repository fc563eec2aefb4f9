import { UserError } from "../../pipelines/errors/user-error.ts";
import type { MirrorResult } from "../../pipelines/mlflow/mirror.ts";
import { textTable } from "../../pipelines/report/text-table.ts";
import type { Command } from "../cli/command.ts";
import { knownModel } from "../cli/option-values.ts";
import { exitCodes, tellError } from "../cli/tell-error.ts";

const columns = ["model", "copied now", "production", "in MLflow"].map((header) => ({ header }));

export const mlflow: Command = {
  description:
    "Copies the registry to the MLflow server of MLFLOW_TRACKING_URI: runs, files, model versions, and the alias production, which follows production.json. Deploys, promotions and rollbacks do that by themselves; sync repairs the copy after a git revert, or after the server was down. One way: the registry branch is the truth. Sign in with MLFLOW_TRACKING_TOKEN, or with MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
  positionals: { min: 1, max: 2 },
  options: {},
  examples: [
    { command: "mergeml mlflow sync", shows: "every model" },
    { command: "mergeml mlflow sync flight-delay", shows: "one model, e.g. after a git revert" },
  ],
  async run({ positionals: [verb = "", name], workspace }) {
    if (verb !== "sync")
      throw new UserError({ message: `mergeml mlflow has no ${verb}`, hint: "write: mergeml mlflow sync [model]" });
    const { mlflow: mirror, registry } = await workspace();
    if (!mirror) throw noServer();
    const models = name === undefined ? undefined : [await knownModel(name, await registry.snapshot({ fetch: true }))];
    const result = await mirror.sync(models);
    const [failure] = result.failed.map(({ error }) => tellError(error).code);
    const failed = result.failed.map(({ model, error }) => ({ model, message: error.message }));
    return { code: failure ?? exitCodes.done, text: tellSync(result), data: { ...result, failed } };
  },
};

function tellSync({ url, models, failed }: MirrorResult): string {
  const rows = models.map(({ model, created, alias }) => [
    model,
    created.map(({ version }) => `v${version}`).join(", ") || "–",
    alias.version === null ? "none" : `v${alias.version}`,
    `${alias.mlflow_version ?? "none"}${alias.changed ? " (moved)" : ""}`,
  ]);
  return [
    rows.length > 0 ? textTable(columns, rows) : "the registry has no models yet",
    ...models.flatMap(({ notes }) => notes.map((note) => `note: ${note}`)),
    ...failed.map(({ model, error }) => `failed: ${model}: ${error.message}`),
    `at ${url}`,
  ].join("\n");
}

function noServer(): UserError {
  return new UserError({
    message: "MLFLOW_TRACKING_URI is not set, so there is no MLflow server to copy to",
    hint: "e.g. MLFLOW_TRACKING_URI=https://mlflow.example.org mergeml mlflow sync",
  });
}
