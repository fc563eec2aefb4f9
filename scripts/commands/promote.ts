import { choosePromotion, knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { promoteVersion } from "../../pipelines/keep-version.ts";
import { promoteWhenClean } from "../../pipelines/promote-when-clean.ts";
import {
  type Command,
  type CommandInput,
  type CommandOutcome,
  knownModel,
  localOnly,
  rollbackCommand,
  versionReference,
  wholeNumber,
  windowOptions,
} from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const promote: Command = {
  description:
    "Puts a registered version into production with one commit on the registry branch, on purpose: also one that was rolled back. The newest version when none is named, by @<version> or --to. With `environments` in mergeml.yaml, --to names one of them, and what runs in the one before it is promoted unless a version is named. With --when-clean it does so only when promote.when of model.yaml is met by the live data of the environment before; exit code 1 is then: not yet, and why.",
  positionals: { min: 1, max: 1 },
  options: {
    to: {
      type: "string",
      value: "N|environment",
      description: "The version, or the environment; production when left out",
    },
    from: { type: "string", value: "environment", description: "The version that runs there" },
    "when-clean": { type: "boolean", description: "Only when promote.when is met" },
    now: {
      type: "string",
      value: "time",
      description: "With --when-clean: look at the windows before this moment, UTC",
    },
  },
  examples: [
    { command: "mergeml promote diamond-price@3", shows: "version 3 into production" },
    { command: "mergeml promote diamond-price", shows: "the newest version" },
    { command: "mergeml promote diamond-price --to production --from staging", shows: "what runs in staging" },
    { command: "mergeml promote diamond-price --when-clean", shows: "what runs in staging, once it was clean there" },
  ],
  run: (input) => (input.flag("when-clean") ? whenClean(input) : onPurpose(input)),
};

async function onPurpose({ positionals: [reference = ""], option, workspace }: CommandInput): Promise<CommandOutcome> {
  if (option("now") !== undefined)
    throw new UserError({ message: "--now says where to look with --when-clean", hint: "add --when-clean" });
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
  const text = done.commit
    ? `${name}: ${done.from ?? "none"} -> ${done.to}${place}  registry@${done.commit.slice(0, 7)}\nUndo: ${rollbackCommand(name, environment)}   or   git revert ${done.commit.slice(0, 7)}${localOnly(opened)}`
    : `${name}@${done.to} is in ${environment} already`;
  return { text, data };
}

async function whenClean(input: CommandInput): Promise<CommandOutcome> {
  const {
    positionals: [model = ""],
    option,
    workspace,
  } = input;
  const opened = await workspace();
  const { environments } = opened.repository;
  const to = knownEnvironment(option("to") ?? "production", environments);
  const from = knownEnvironment(option("from") ?? environments[environments.indexOf(to) - 1] ?? to, environments);
  if (from === to)
    throw new UserError({
      message: `there is no environment before ${to}`,
      hint: `mergeml.yaml has environments: [${environments.join(", ")}]; name two: --from … --to …`,
    });
  await knownModel(model, await opened.registry.snapshot({ fetch: true }));
  const promotion = await promoteWhenClean(opened, model, { from, to }, windowOptions(input, opened.clock));
  if (promotion === null) return { text: `${model}: nothing waits in ${from}`, data: { model, from, to, waits: null } };
  const { version, waits, soak, done } = promotion;
  const said = `${soak.met ? "met" : "not met"}: ${soak.why}`;
  const text =
    waits === null
      ? `${model}: ${done?.from ?? "none"} -> ${version} in ${to}, promote.when is ${said}${localOnly(opened)}`
      : `${model}@${version} stays in ${from}: ${waits}${waits === soak.why ? "" : ` (promote.when ${said})`}\nWithout waiting: mergeml promote ${model} --to ${to} --from ${from}`;
  return { code: waits === null ? exitCodes.done : exitCodes.gateSaidNo, text, data: promotion };
}
