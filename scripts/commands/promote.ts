import { choosePromotion } from "../../pipelines/choose-promotion.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { promoteVersion } from "../../pipelines/keep-version.ts";
import type { Command } from "../cli/command.ts";
import { localOnly } from "../cli/local-only.ts";
import { knownModel, versionReference, wholeNumber } from "../cli/option-values.ts";

export const promote: Command = {
  description:
    "Puts a registered version into production with one commit on the registry branch, on purpose: also one that was rolled back. The newest version when none is named, by @<version> or --to. With `environments` in mergeml.yaml, --to names one of them, and what runs in the one before it is promoted unless a version is named.",
  positionals: { min: 1, max: 1 },
  options: {
    to: {
      type: "string",
      value: "N|environment",
      description: "The version, or the environment; production when left out",
    },
    from: { type: "string", value: "environment", description: "The version that runs there" },
  },
  examples: [
    { command: "mergeml promote diamond-price@3", shows: "version 3 into production" },
    { command: "mergeml promote diamond-price", shows: "the newest version" },
    { command: "mergeml promote diamond-price --to production --from staging", shows: "what runs in staging" },
  ],
  async run({ positionals: [reference = ""], option, workspace }) {
    const opened = await workspace();
    const { registry } = opened;
    const snapshot = await registry.snapshot({ fetch: true });
    const target = option("to");
    // An environment's name begins with a letter.
    const isEnvironment = target !== undefined && /^[a-z]/.test(target);
    const to = isEnvironment ? null : wholeNumber("to", target);
    const name = reference.replace(/@.*$/, "");
    if (to !== null && name !== reference)
      throw new UserError({ message: `${reference} and --to ${to} both name a version`, hint: "write one of them" });
    await knownModel(name, snapshot);
    const named = to === null ? reference : `${reference}@${to}`;
    const version = named.includes("@") ? (await versionReference(named, snapshot)).version : null;
    const wanted = { version, to: isEnvironment ? target : null, from: option("from") ?? null };
    const chosen = await choosePromotion(opened, snapshot, name, wanted);
    const done = await promoteVersion(opened, name, chosen.version, chosen);
    const { environment } = chosen;
    const data = { model: name, remote: opened.remote, ...(environment !== "production" && { environment }), ...done };
    const place = environment === "production" ? "" : ` in ${environment}`;
    if (done.commit && done.from === done.to)
      return {
        text: `${name}@${done.to} is in ${environment}, and its model is on the registry branch now  registry@${done.commit.slice(0, 7)}`,
        data,
      };
    const undo = `mergeml rollback ${name}${place && ` --environment ${environment}`}`;
    const text = done.commit
      ? `${name}: ${done.from ?? "none"} -> ${done.to}${place}  registry@${done.commit.slice(0, 7)}\nUndo: ${undo}   or   git revert ${done.commit.slice(0, 7)}${localOnly(opened)}`
      : `${name}@${done.to} is in ${environment} already`;
    return { text, data };
  },
};
