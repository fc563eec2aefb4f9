import { UserError } from "../../pipelines/errors/user-error.ts";
import { promoteVersion } from "../../pipelines/keep-version.ts";
import type { Command } from "../cli/command.ts";
import { localOnly } from "../cli/local-only.ts";
import { knownModel, versionReference, wholeNumber } from "../cli/option-values.ts";

export const promote: Command = {
  description:
    "Puts a registered version into production with one commit on the registry branch, on purpose: also one that was rolled back. The newest version when none is named, by @<version> or --to.",
  positionals: { min: 1, max: 1 },
  options: { to: { type: "string", value: "N", description: "The version" } },
  examples: [
    { command: "mergeml promote diamond-price@3", shows: "version 3 into production" },
    { command: "mergeml promote diamond-price", shows: "the newest version" },
  ],
  async run({ positionals: [reference = ""], option, workspace }) {
    const opened = await workspace();
    const { registry } = opened;
    const snapshot = await registry.snapshot({ fetch: true });
    const to = wholeNumber("to", option("to"));
    const name = reference.replace(/@.*$/, "");
    if (to !== null && name !== reference)
      throw new UserError({ message: `${reference} and --to ${to} both name a version`, hint: "write one of them" });
    const versions = await snapshot.versions(await knownModel(name, snapshot));
    const named = to === null ? reference : `${reference}@${to}`;
    const version = named.includes("@") ? (await versionReference(named, snapshot)).version : Math.max(...versions);
    const done = await promoteVersion(opened, name, version);
    if (done.commit && done.from === done.to)
      return {
        text: `${name}@${version} is in production, and its model is on the registry branch now  registry@${done.commit.slice(0, 7)}`,
        data: { model: name, ...done },
      };
    const text = done.commit
      ? `${name}: ${done.from ?? "none"} -> ${done.to}  registry@${done.commit.slice(0, 7)}\nUndo: mergeml rollback ${name}   or   git revert ${done.commit.slice(0, 7)}${localOnly(opened)}`
      : `${name}@${version} is in production already`;
    return { text, data: { model: name, remote: opened.remote, ...done } };
  },
};
