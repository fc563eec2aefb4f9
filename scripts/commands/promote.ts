import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Command } from "../cli/command.ts";
import { knownModel, wholeNumber } from "../cli/option-values.ts";

export const promote: Command = {
  description:
    "Puts a registered version into production with one commit on the registry branch, on purpose: also one that was rolled back. The newest version when --to is not given.",
  positionals: { min: 1, max: 1 },
  options: { to: { type: "string", value: "N", description: "The version" } },
  examples: [
    { command: "mergeml promote diamond-price --to 3", shows: "version 3 into production" },
    { command: "mergeml promote diamond-price", shows: "the newest version" },
  ],
  async run({ positionals: [name = ""], option, workspace }) {
    const { registry } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const versions = await snapshot.versions(await knownModel(name, snapshot));
    const version = wholeNumber("to", option("to")) ?? Math.max(...versions);
    if (!versions.includes(version))
      throw new UserError({
        message: `${name} has no version ${version}`,
        hint: `it has: ${versions.slice(-10).join(", ")}`,
      });
    const done = await registry.promote(name, version);
    const text = done.commit
      ? `${name}: ${done.from ?? "none"} -> ${done.to}  registry@${done.commit.slice(0, 7)}\nUndo: mergeml rollback ${name}   or   git revert ${done.commit.slice(0, 7)}`
      : `${name}@${version} is in production already`;
    return { text, data: { model: name, ...done } };
  },
};
