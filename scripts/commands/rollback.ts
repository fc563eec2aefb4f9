import type { Command } from "../cli/command.ts";
import { knownModel, wholeNumber } from "../cli/option-values.ts";

export const rollback: Command = {
  description:
    "Takes back the last promotion of a model with a revert commit on the registry branch, as `git revert` by hand does. With --to it goes to that version. The version rolled back stays registered and is held: it is not deployed again until its config changes.",
  positionals: { min: 1, max: 1 },
  options: { to: { type: "string", value: "N", description: "The version to go back to" } },
  examples: [
    { command: "mergeml rollback flight-delay", shows: "production is what it was before" },
    { command: "mergeml rollback flight-delay --to 2", shows: "version 2, whatever came since" },
  ],
  async run({ positionals: [name = ""], option, workspace }) {
    const { registry } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const to = wholeNumber("to", option("to"));
    const done = await registry.rollback(await knownModel(name, snapshot), to === null ? {} : { to });
    const where = done.to === null ? "nothing is in production now" : `v${done.to} is in production now`;
    const text = `${name}: ${done.from ?? "none"} -> ${done.to ?? "none"}, ${where}  registry@${done.commit.slice(0, 7)}\nUndo: mergeml promote ${name} --to ${done.from}`;
    return { text, data: { model: name, ...done } };
  },
};
