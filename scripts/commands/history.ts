import { oneLine } from "../../pipelines/errors/inert-markdown.ts";
import { textTable } from "../../pipelines/report/terminal/text-table.ts";
import { type Command, knownModel } from "../cli/command.ts";

const headers = ["when (UTC)", "what", "version", "by", "commit"];

export const history: Command = {
  description:
    "Every registration, promotion and rollback of a model, newest first, read from what the commits of the registry branch changed; a revert by hand counts as a rollback, and one that mergeml did by itself says why.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [{ command: "mergeml history flight-delay", shows: "who put what into production, and when" }],
  async run({ positionals: [name = ""], workspace, width }) {
    const { registry } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const entries = await registry.history(await knownModel(name, snapshot));
    const isExplained = entries.some(({ automatic }) => automatic !== null);
    const columns = (isExplained ? [...headers, "why automatically"] : headers).map((header) => ({ header }));
    const rows = entries.map(({ time, action, from, to, by, commit, automatic }) => [
      time.slice(0, 16).replace("T", " "),
      action,
      action === "register" ? `v${to}` : `${from ?? "none"} -> ${to ?? "none"}`,
      by,
      commit.slice(0, 7),
      ...(isExplained ? [automatic === null ? "" : oneLine(automatic, 200)] : []),
    ]);
    return {
      text: textTable(columns, rows, { width }),
      data: { model: name, history: entries },
    };
  },
};
