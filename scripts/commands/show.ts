import { renderVersion } from "../../pipelines/report/terminal/version-page.ts";
import type { Command } from "../cli/command.ts";
import { versionReference } from "../cli/option-values.ts";

export const show: Command = {
  description:
    "One version as the registry records it: lineage, data, params, metrics and verdict. Its files are checked against their hashes first. Without @<version>, what is in production.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [
    { command: "mergeml show flight-delay@3", shows: "version 3" },
    { command: "mergeml show flight-delay --json", shows: "the whole record of production" },
  ],
  async run({ positionals: [reference = ""], workspace }) {
    const { registry } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const { model, version } = await versionReference(reference, snapshot);
    const record = await snapshot.record(model, version);
    await snapshot.modelBytes(model, version);
    const production = await snapshot.production(model);
    return {
      text: renderVersion(record, production?.version === version),
      data: { ...record, in_production: production?.version === version },
    };
  },
};
