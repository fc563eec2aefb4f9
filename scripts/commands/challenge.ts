import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { Trial } from "../../pipelines/registry/challenge.ts";
import { challengeWords } from "../../pipelines/registry/production-pointer.ts";
import {
  type Command,
  type CommandInput,
  type CommandOutcome,
  knownModel,
  localOnly,
  versionReference,
} from "../cli/command.ts";

export const challenge: Command = {
  description:
    "Tries a registered version beside the one in production, with one commit on the registry branch: as a shadow, which gets a copy of every request after it was answered, or on a share of the requests, by their keys. Servers follow it as they follow a promotion. mergeml compare tells how both do; promoting the version ends the trial, a rollback leaves it alone.",
  positionals: { min: 1, max: 1 },
  options: {
    shadow: { type: "boolean", description: "It answers nobody" },
    share: { type: "string", value: "10%", description: "It answers so many of the requests, or 0.1" },
    stop: { type: "boolean", description: "End the trial" },
  },
  examples: [
    { command: "mergeml challenge flight-delay@6 --shadow", shows: "a copy of the traffic for version 6" },
    { command: "mergeml challenge flight-delay@6 --share 10%", shows: "a tenth of the keys is answered by version 6" },
    { command: "mergeml challenge flight-delay --stop", shows: "production alone again" },
  ],
  run: (input) => {
    const { flag, option } = input;
    const asked = [flag("shadow"), option("share") !== undefined, flag("stop")].filter(Boolean).length;
    if (asked === 1) return flag("stop") ? stopTrial(input) : startTrial(input, trialOf(input));
    throw new UserError({
      message:
        asked === 0 ? "nothing says how the version is tried" : "--shadow, --share and --stop exclude each other",
      hint: "write one of --shadow, --share 10% and --stop",
    });
  },
};

async function startTrial(
  { positionals: [reference = ""], workspace }: CommandInput,
  trial: Trial,
): Promise<CommandOutcome> {
  if (!reference.includes("@"))
    throw new UserError({
      message: `${reference} names no version`,
      hint: `write ${reference}@<version>; its versions: mergeml history ${reference}`,
    });
  const opened = await workspace();
  const { registry } = opened;
  const { model, version } = await versionReference(reference, await registry.snapshot({ fetch: true }));
  const done = await registry.challenge(model, version, trial);
  const words = `${model}@${version} is tried ${challengeWords(trial)}`;
  const instead = done.before && done.before.version !== version ? `, instead of v${done.before.version}` : "";
  const text = done.commit
    ? `${words}${instead}  registry@${done.commit.slice(0, 7)}\nHow it does: mergeml compare ${model}\nEnd: mergeml challenge ${model} --stop${localOnly(opened)}`
    : `${words} already`;
  return { text, data: { model, remote: opened.remote, ...done } };
}

async function stopTrial({ positionals: [reference = ""], workspace }: CommandInput): Promise<CommandOutcome> {
  const opened = await workspace();
  const { registry } = opened;
  const model = await knownModel(reference.replace(/@.*$/, ""), await registry.snapshot({ fetch: true }));
  const done = await registry.stopChallenge(model);
  const text = done.commit
    ? `${model}: ${done.before ? `v${done.before.version} is tried no more` : "the challenger that could not be read is gone"}  registry@${done.commit.slice(0, 7)}${localOnly(opened)}`
    : `${model} has no challenger`;
  return { text, data: { model, remote: opened.remote, ...done } };
}

function trialOf({ option }: CommandInput): Trial {
  const text = option("share");
  if (text === undefined) return { mode: "shadow", share: null };
  const [, digits = "", percent] = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text.trim()) ?? [];
  const share = digits === "" ? Number.NaN : Number((Number(digits) / (percent ? 100 : 1)).toPrecision(12));
  if (share > 0 && share < 1) return { mode: "split", share };
  throw new UserError({
    message: `--share ${text} is not a share between 0% and 100%`,
    hint: "for example --share 10% or --share 0.1",
  });
}
