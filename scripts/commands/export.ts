import { isAbsolute, relative, resolve } from "node:path";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { type ExportResult, type ExportTarget, exportTargets, exportVersion } from "../../pipelines/export-version.ts";
import { type Command, versionReference } from "../cli/command.ts";

export const exportCommand: Command = {
  description:
    "Writes a registered version as another server reads it, after its bytes are checked against the registry. mlserver: a model repository that MLServer loads through MLflow. triton: a model repository with config.pbtxt. kserve: an InferenceService, whose storage URI is in the store of mergeml.yaml; the folder that it reads is sent there, or is left to build as an image where the store is a registry of containers. Without @<version>, what is in production.",
  positionals: { min: 1, max: 1 },
  options: {
    for: { type: "string", value: "server", choices: exportTargets, description: exportTargets.join(", ") },
    output: { type: "string", value: "folder", description: "Where it is written: a new or an empty folder" },
  },
  examples: [
    {
      command: "mergeml export flight-delay@3 --for mlserver --output repository",
      shows: "then: mlserver start repository",
    },
    {
      command: "mergeml export flight-delay@3 --for triton --output repository",
      shows: "then: tritonserver --model-repository repository",
    },
    {
      command: "mergeml export flight-delay@3 --for kserve --output service",
      shows: "then: kubectl apply -f service/inference-service.yaml",
    },
  ],
  async run({ positionals: [reference = ""], option, directory, workspace }) {
    const target = required("for", option("for")) as ExportTarget;
    const name = required("output", option("output"));
    const opened = await workspace();
    const named = await versionReference(reference, await opened.registry.snapshot({ fetch: true }));
    const result = await exportVersion(opened, { ...named, target, output: { path: resolve(directory, name), name } });
    return { text: tell(result, directory), data: result };
  },
};

function required(name: "for" | "output", value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new UserError({ message: `--${name} is missing`, hint: "See: mergeml export --help" });
}

function tell({ model, version, target, output, files, storage_uri, next }: ExportResult, directory: string): string {
  const near = relative(directory, output);
  const folder = near === "" || near.startsWith("..") || isAbsolute(near) ? output : near;
  const start = {
    mlserver: `mlserver start ${folder}`,
    triton: `tritonserver --model-repository ${folder}`,
    kserve: `kubectl apply -f ${folder}/inference-service.yaml`,
  };
  return [
    `${model}@${version} for ${target} -> ${folder}`,
    ...files.map((file) => `  ${file}`),
    ...(storage_uri === null ? [] : [`KServe reads it from ${storage_uri}`]),
    "Then:",
    ...[...next, start[target]].map((command) => `  ${command}`),
  ].join("\n");
}
