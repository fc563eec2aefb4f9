import { reproduceVersion } from "../../pipelines/reproduce.ts";
import { type Command, versionReference } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const reproduce: Command = {
  description:
    "Retrains a version from the registry's record alone (config, query, seed), without the cache, and compares the bytes of model.onnx. Exit 1 when they differ.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [{ command: "mergeml reproduce flight-delay@3", shows: "that version 3 can be made again" }],
  async run({ positionals: [reference = ""], workspace }) {
    const opened = await workspace();
    const { model, version } = await versionReference(reference, await opened.registry.snapshot({ fetch: true }));
    const result = await reproduceVersion(opened, model, version);
    const source =
      result.data === "query" ? "the recorded query gives the same rows" : "the rows come from the dataset store";
    const verdict = result.identical
      ? `reproduced: ${model}@${version} is byte for byte the same (${result.registered.slice(0, 19)}…; ${source})`
      : `not reproduced: registered ${result.registered}, retrained ${result.retrained} (${source})`;
    return {
      code: result.identical ? exitCodes.done : exitCodes.gateSaidNo,
      text: [verdict, ...result.notes.map((note) => `  ${note}`)].join("\n"),
      data: result,
    };
  },
};
